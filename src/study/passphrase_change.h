#pragma once

#include <filesystem>
#include <vector>

#include "secret/passphrase.h"

/// Passphrases of files that hold secrets: sealed, sealed anew, or no longer sealed.
namespace obscura::study {

/// What a passphrase seals: a CKKS secret key (secret.key, search.key, gallery.key), an owner's record of a search
/// (search.record), the key of a shield (a JSON file).
enum class SecretKind { ckks_key, search_record, shield_key };

struct SecretFile {
  std::filesystem::path file;
  SecretKind kind = SecretKind::ckks_key;
  bool sealed = false;
};

/// The file of that name, or those of a folder: secret.key, search.key, gallery.key and search.record, as far as they
/// are there. Throws IoError where there is none, FormatError for a file that no passphrase seals.
std::vector<SecretFile> secret_files(const std::filesystem::path& place);

/// `now`: the passphrase that it has, if any. What it holds stays the same; whatever fails leaves the old file. Of CKKS
/// keys their folder is locked meanwhile; with the others nothing else may be at work. Throws as
/// owner::change_passphrase() and ckks::reseal_secret() do, and FormatError where a file that is not sealed yet is
/// damaged.
void change_passphrase(const SecretFile& secret, const ckks::PassphraseSource& now, const ckks::Sealing& sealing);

}  // namespace obscura::study
