#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "ckks/keys.h"
#include "owner/decryption_count.h"
#include "owner/owner.h"
#include "owner/query_record.h"
#include "secret/passphrase.h"

namespace obscura::owner {

/// From this many decrypted ciphertexts on, whoever shows results is due a reminder that they are for the owner only,
/// or new keys: so many are what OpenFHE's default parameters are meant to bear being shared.
inline constexpr std::uint64_t kDecryptionsBeforeNote = 128;

/// A folder with the keys of one owner for one program, made as one set:
///
///   secret.key      the secret, mode 0600, sealed with a passphrase or not (secret/sealed.h)
///   evaluation.key  for the server
///   client.spec     what the program needs of the owner; names the key
///   client.tag      a hash of client.spec that only who has the secret key can make, so that none but the one that the
///                   keys were made with is read by
///   decryptions     the key's id and how many ciphertexts it decrypted
///   queries/        a record of each query that was made with it (owner/query_record.h), named by the query's id
///
/// Everything in it is bound to the secret key by its id, so that files of two sets are told apart. Several programs
/// may use a folder at once. All functions throw IoError for what the system refuses and FormatError for damaged files.
class KeyFolder {
 public:
  explicit KeyFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& path() const { return folder_; }

  /// Throws IoError if there is a secret key already and `replace` is not set, because what was encrypted with it would
  /// be lost: to be asked before minutes of key generation. put() asks again.
  void check_free(bool replace) const;

  /// Makes the folder, the owner's evaluation keys and puts the set into it, all files or none. Of several that come at
  /// once without `replace` one succeeds. Records and the count of an older key go. Few keys are in memory at a time;
  /// the pool, if any, shares the work. The secret key is sealed where `sealing` says so. Throws MismatchError for
  /// parameters that are marked insecure.
  void put(const Owner& owner, bool replace, ThreadPool* pool = nullptr, const ckks::Sealing& sealing = {}) const;
  /// The same with evaluation keys that were made already, as a file.
  void put(const Owner& owner, ckks::ByteSpan evaluation_keys, bool replace, const ckks::Sealing& sealing = {}) const;

  /// `passphrase` is asked where the secret key is sealed. Throws MismatchError if the files are of different sets, the
  /// client spec is not the one that the keys were made with, the program is marked insecure, or a passphrase is
  /// missing or wrong; IoError if others than the owner can read the secret key.
  Owner open(const ckks::PassphraseSource& passphrase = {}) const;

  /// Adds to the count of this key and returns the sum.
  DecryptionCount count_decryptions(const ckks::KeyId& key, std::uint64_t more) const;

  void remember(const QueryRecord& record) const;
  /// Throws MismatchError if no such query was made with this folder, or under another key.
  QueryRecord recall(const message::QueryId& query, const ckks::KeyId& key) const;

 private:
  void put(const Owner& owner, bool replace, const std::function<void(const ByteSink&)>& evaluation,
           const ckks::Sealing& sealing) const;

  std::filesystem::path folder_;
};

/// As ckks::reseal_secret_key, of a file that others cannot read, while its folder is locked: keys that somebody puts
/// there meanwhile stay. Of key folders and others.
void change_passphrase(const std::filesystem::path& key_file, const ckks::PassphraseSource& now,
                       const ckks::Sealing& sealing);

}  // namespace obscura::owner
