#include "cli/remote/remote_verbs.h"
#include "cli/verbs.h"

namespace obscura::cli {

void add_remote_verb(CLI::App& verb) {
  verb.require_subcommand(1);
  add_remote_ping(verb);
  add_remote_models(verb);
  add_remote_classify(verb);
  add_remote_search(verb);
  add_remote_keys(verb);
  verb.footer(
      "Examples:\n  export OBSCURA_SERVER=https://example.org:8443 OBSCURA_TOKEN=obs_...\n  obscura remote models "
      "--json\n"
      "  obscura remote classify samples/digits/7-0.png --keys keys/");
}

}  // namespace obscura::cli
