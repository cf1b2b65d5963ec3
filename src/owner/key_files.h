#pragma once

#include <optional>
#include <string>

#include "ckks/wire.h"
#include "owner/decryption_count.h"
#include "owner/owner.h"
#include "secret/passphrase.h"

/// The files of one owner's keys as bytes, wherever they are kept: what stands in a folder of keys (owner/key_folder.h)
/// and what a browser keeps. Their names there are in messages.
namespace obscura::owner {

/// Everything but evaluation keys, which are the server's, and records of queries.
struct KeyFiles {
  ckks::Bytes secret;       ///< secret.key, sealed or not: to be wiped by who holds it
  ckks::Bytes client;       ///< client.spec, that names the key
  std::string tag;          ///< client.tag
  std::string decryptions;  ///< as write_decryption_count
};

/// Of an owner that has decrypted so many ciphertexts. Throws MismatchError for parameters that are marked insecure,
/// and what sealing throws.
KeyFiles write_key_files(const Owner& owner, const DecryptionCount& count, const ckks::Sealing& sealing = {});

/// The owner of such files, and what his count was: an incomplete 0 where that file is empty. Throws FormatError for
/// what is no such file; MismatchError if they are of different sets, the client spec is not the one that the keys were
/// made with, the program is marked insecure, or a passphrase is missing or wrong.
struct OpenedKeys {
  Owner owner;
  DecryptionCount count;
};
OpenedKeys open_key_files(const KeyFiles& files, const ckks::PassphraseSource& passphrase = {});

/// What both, and folders, have in common. `what` and `spec` name the files.
void require_secure_for_keys(const message::ClientSpec& client);
void require_secure(const message::ClientSpec& client, const std::string& spec);
void require_tag(const std::string& tag, const ckks::SecretKey& key, ckks::ByteSpan client_file,
                 const std::string& what);

}  // namespace obscura::owner
