#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "base/error.h"
#include "base/version.h"
#include "cli/verbs.h"

namespace {

/// One line, whatever the library put into its message.
void print_error(const std::string& message) {
  std::string line = message;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  std::fprintf(stderr, "obscura: %s\n", line.c_str());
}

int run(int argc, char** argv) {
  CLI::App app{"Classifies and finds images that nobody but their owner can see."};
  app.name("obscura");
  app.set_version_flag("--version", std::string("obscura ") + obscura::kVersion + " (" + obscura::kBuildType + ", " +
                                        obscura::kCompiler + ")");
  app.require_subcommand(1);
  obscura::cli::add_data_verb(app);
  obscura::cli::add_train_verb(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    print_error(std::string(e.what()) + " (see obscura --help)");
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const obscura::UsageError& e) {
    print_error(e.what());
    return 2;
  } catch (const std::exception& e) {
    print_error(e.what());
    return 1;
  }
}
