#pragma once

#include <filesystem>
#include <string_view>

#include "secret/secret_key.h"
#include "ckks/wire.h"

/// The owner's half of the wire format (ckks/wire.h): the secret key.
///
///   payload := parameters words(N)     one of 2 bits a coefficient: 0, 1, and 2 for -1; 3 is an error
///
/// A quarter of a byte a coefficient: 2 KB at N = 2^13. It is not encrypted; whoever has the bytes has the key.
namespace obscura::ckks {

/// The caller wipes the bytes.
Bytes write_secret_key(const SecretKey& key);

/// Makes the Context from the file, so throws what Context::create throws, too.
SecretKey read_secret_key(ByteSpan bytes, std::string_view what = "secret key");
/// For a context that is there already. Throws MismatchError if the key is of another.
SecretKey read_secret_key(ContextPtr context, ByteSpan bytes, std::string_view what = "secret key");

/// To and from a file that only its owner may read (mode 0600); copies in memory are wiped. Throws IoError, too.
void save_secret_key(const std::filesystem::path& path, const SecretKey& key);
SecretKey load_secret_key(const std::filesystem::path& path);

}  // namespace obscura::ckks
