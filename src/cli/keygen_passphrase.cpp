// `obscura keygen passphrase`: files of secrets sealed, sealed anew, or no longer sealed. What they hold stays the
// same.
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
#include "study/passphrase_change.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct PassphraseArguments {
  fs::path key;
  PassphraseOptions now, next;
  bool unseal = false;
  bool json = false;
};

/// What is lost to who has the file, or without its passphrase.
void print_change(const study::SecretFile& secret, bool unsealed) {
  const bool record = secret.kind == study::SecretKind::search_record;
  fmt::print("{} is {}\n", secret.file.string(),
             !unsealed ? "sealed with the new passphrase: without that it is lost"
             : record  ? "not sealed any more: whoever has it learns which images you fetched"
                       : "not sealed any more: whoever has it reads your images");
}

void run_passphrase(const PassphraseArguments& a) {
  if (a.unseal && a.next.given()) throw UsageError("--unseal takes the passphrase away: no new one goes with it");
  if (!a.unseal && !a.next.given() && !can_ask()) {
    throw UsageError("no new passphrase: --new-passphrase-file, --new-passphrase-env, or --unseal for none");
  }
  const auto secrets = study::secret_files(a.key);
  const auto now = passphrase_of(a.now);
  const ckks::Sealing sealing{passphrase_of(a.next), !a.unseal};
  bool was_open = false;
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const study::SecretFile& secret : secrets) {
    study::change_passphrase(secret, now, sealing);
    was_open = was_open || !secret.sealed;
    files.push_back({{"file", secret.file.string()}, {"was_sealed", secret.sealed}});
    if (!a.json) print_change(secret, a.unseal);
  }
  if (a.json) print_json({{"files", files}, {"sealed", !a.unseal}});
  if (was_open && !a.unseal) {
    note("what the disk held before may still be found on it: where that matters, make new keys (docs/secrets.md)");
  }
}

}  // namespace

void add_keygen_passphrase(CLI::App& keygen) {
  const auto args = std::make_shared<PassphraseArguments>();
  CLI::App& verb = *keygen.add_subcommand("passphrase",
                                          "Seals keys and records that there are with a passphrase, changes that, or "
                                          "takes it away: secret.key, search.key, "
                                          "gallery.key, search.record, and keys of shields");
  verb.add_option("key", args->key,
                  "A folder that keygen or search owner-request made: all of these in it; or one such file")
      ->required()
      ->group(kFiles);
  add_passphrase(verb, args->now);
  add_new_passphrase(verb, args->next);
  verb.add_flag("--unseal", args->unseal, "No passphrase from now on")->group("Passphrase");
  add_json(verb, args->json);
  verb.footer(
      "Examples:\n  obscura keygen passphrase keys/\n"
      "  obscura keygen passphrase keys/ --passphrase-file old.txt --new-passphrase-file new.txt\n"
      "  obscura keygen passphrase key.json --new-passphrase-file new.txt");
  verb.callback([args] { run_passphrase(*args); });
}

}  // namespace obscura::cli
