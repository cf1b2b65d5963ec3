#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ckks/keys.h"

namespace obscura::owner {

/// How many ciphertexts were decrypted with a key.
struct DecryptionCount {
  std::uint64_t count = 0;
  /// False once the count was found missing, or that of another key: there may have been more.
  bool complete = true;
};

/// As the file `decryptions` of a folder of keys: the key's id, the number, and " at least" where there may have been
/// more.
std::string write_decryption_count(const ckks::KeyId& key, const DecryptionCount& count);
/// Of another key: an incomplete 0. Throws FormatError for what is no such text; `what` names it.
DecryptionCount read_decryption_count(std::string_view text, const ckks::KeyId& key, std::string_view what);

}  // namespace obscura::owner
