#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace obscura::cli {

void add_bench_verb(CLI::App&) {}

}  // namespace obscura::cli
