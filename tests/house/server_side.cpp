// A server of its own: the program's `classify` verb and everything it needs, and nothing of the secret half. That it
// links proves that no function of the server's side wants a secret key; that it answers, that none is needed.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/verbs.h"

int main(int argc, char** argv) {
  CLI::App app{"The server's side of Obscura"};
  app.require_subcommand(1);
  try {
    obscura::cli::add_classify_verb(*app.add_subcommand("classify"));
    app.parse(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "server_side: %s\n", e.what());
    return 1;
  }
  return 0;
}
