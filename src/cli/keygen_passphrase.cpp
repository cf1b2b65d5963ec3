// `obscura keygen passphrase`: a secret key sealed, sealed anew, or no longer sealed. The key stays what it is.
#include "cli/keygen_passphrase.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/passphrase_options.h"
#include "cli/passphrase_prompt.h"
#include "owner/key_folder.h"
#include "secret/wire.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct PassphraseArguments {
  fs::path key;
  PassphraseOptions now, next;
  bool unseal = false;
  bool json = false;
};

void run_passphrase(const PassphraseArguments& a) {
  const fs::path file = fs::is_directory(a.key) ? a.key / "secret.key" : a.key;
  if (a.unseal && a.next.given()) throw UsageError("--unseal takes the passphrase away: no new one goes with it");
  if (!a.unseal && !a.next.given() && !can_ask()) {
    throw UsageError("no new passphrase: --new-passphrase-file, --new-passphrase-env, or --unseal for none");
  }
  const bool before = ckks::is_sealed_secret_key(file);
  owner::change_passphrase(file, passphrase_of(a.now), {passphrase_of(a.next), !a.unseal});
  if (a.json) return print_json({{"file", file.string()}, {"was_sealed", before}, {"sealed", !a.unseal}});
  fmt::print("{} is {}\n", file.string(),
             a.unseal ? "not sealed any more: whoever has it reads your images"
                      : "sealed with the new passphrase: without that it is lost");
  if (!before && !a.unseal) {
    note("what the disk held before may still be found on it: where that matters, make new keys (docs/secrets.md)");
  }
}

}  // namespace

void add_keygen_passphrase(CLI::App& keygen) {
  const auto args = std::make_shared<PassphraseArguments>();
  CLI::App& verb = *keygen.add_subcommand(
      "passphrase", "Seals a secret key that there is with a passphrase, changes that, or takes it away");
  verb.add_option("key", args->key, "A folder that keygen made, or the file of a secret key")
      ->required()
      ->group(kFiles);
  add_passphrase(verb, args->now);
  add_new_passphrase(verb, args->next);
  verb.add_flag("--unseal", args->unseal, "No passphrase from now on")->group("Passphrase");
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura keygen passphrase keys/\n"
      "  obscura keygen passphrase keys/ --passphrase-file old.txt --new-passphrase-file new.txt");
  verb.callback([args] { run_passphrase(*args); });
}

}  // namespace obscura::cli
