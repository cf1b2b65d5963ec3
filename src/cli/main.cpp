#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/pending.h"
#include "cli/process.h"
#include "cli/tiers.h"
#include "cli/verbs.h"
#include "cli/version.h"

namespace {

/// Buffers of ciphertexts come and go in every loop. By default glibc gives large ones back to the system at once, and
/// the next loop waits for thousands of fresh pages.
void keep_freed_memory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

int run(int argc, char** argv) {
  if (obscura::cli::wants_version_json(argc, argv)) {
    obscura::cli::print_version_json(static_cast<obscura::cli::Tier>(OBSCURA_TIER));
    return 0;
  }
  CLI::App app{"Classifies images that nobody but their owner can see."};
  app.name("obscura");
  app.set_version_flag("--version", obscura::cli::version_line,
                       "Print version, build and kernels; with --json all of it: parts, libraries, formats, packages");
  app.require_subcommand(1);
  obscura::cli::add_verbs(app);
  // After the verbs, which would inherit it.
  app.footer(
      "obscura VERB --help explains a verb. $OBSCURA_DATA: folder of data sets; $OBSCURA_ISA: scalar, avx2 or "
      "ifma kernels.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    throw obscura::UsageError(std::string(e.what()) + " (see obscura --help)");
  }
  return 0;
}

/// What was printed may still be in a buffer, and its disk full.
void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw obscura::IoError(std::string("cannot write to standard output: ") + std::generic_category().message(errno));
  }
}

}  // namespace

int main(int argc, char** argv) {
  obscura::cli::keep_arguments(argv);
  keep_freed_memory();
  obscura::remove_pending_on_signals();
  try {
    const int status = run(argc, argv);
    flush_output();
    obscura::cli::tell_outcome(status, "");
    return obscura::cli::leave(status);
  } catch (const std::exception& e) {
    return obscura::cli::leave(obscura::cli::report_failure(e));
  }
}
