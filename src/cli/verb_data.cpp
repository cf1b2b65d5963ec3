#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace obscura::cli {

void add_data_verb(CLI::App& app) { app.add_subcommand("data", ""); }

}  // namespace obscura::cli
