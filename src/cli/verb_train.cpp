#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace obscura::cli {

void add_train_verb(CLI::App& app) { app.add_subcommand("train", ""); }

}  // namespace obscura::cli
