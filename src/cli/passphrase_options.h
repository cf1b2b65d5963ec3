#pragma once

#include <filesystem>
#include <string>

#include "cli/option_table.h"
#include "secret/passphrase.h"

namespace CLI {
class App;
}

/// Where a verb that holds secret keys gets their passphrase. Never from the command line itself, which every user of
/// the machine can read while it runs.
namespace obscura::cli {

struct PassphraseOptions {
  std::filesystem::path file;  ///< its bytes, without one line end behind them; may be a pipe
  std::string variable;        ///< of the environment
  bool ask = false;            ///< on the terminal, for keys that are made

  bool given() const { return ask || !file.empty() || !variable.empty(); }
};

/// --passphrase-file and --passphrase-env, of a verb that opens keys, and those that it makes with `makes`.
void add_passphrase(CLI::App& verb, PassphraseOptions& options, bool makes = false);

/// --ask-passphrase: on the terminal, in the place of these two.
void add_ask_passphrase(CLI::App& verb, PassphraseOptions& options);

/// The same as rows of a table, for keys of shields: they go into a Sealing, which asks on a terminal where none is
/// named.
OptionTable<ckks::Sealing> passphrase_rows(bool makes);

/// --new-passphrase-file, --new-passphrase-env: for another than that.
void add_new_passphrase(CLI::App& verb, PassphraseOptions& options);

/// Reads it when it is asked for: from the file, the environment (whose copy is then wiped), or whoever is at the
/// terminal. Throws UsageError for a variable that is not set and where there is nobody to ask, IoError for the file.
ckks::PassphraseSource passphrase_of(const PassphraseOptions& options);

/// The same, with keys that are made sealed where one was given.
ckks::Sealing sealing_of(const PassphraseOptions& options);

}  // namespace obscura::cli
