#include <CLI/CLI.hpp>

#include "cli/data/data_verbs.h"
#include "cli/verbs.h"

namespace obscura::cli {

void add_data_verb(CLI::App& verb) {
  verb.require_subcommand(1);
  add_show(verb);
  add_fetch(verb);
  add_check(verb);
  add_draw(verb);
}

}  // namespace obscura::cli
