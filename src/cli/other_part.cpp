#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace obscura::cli {

void add_elsewhere(CLI::App& verb, Tier tier) {
  verb.prefix_command();
  verb.set_help_flag();
  verb.callback([tier] { continue_in(tier); });
}

}  // namespace obscura::cli
