#pragma once

#include <filesystem>
#include <string_view>

#include "base/file_stream.h"
#include "ckks/wire.h"
#include "secret/secret_key.h"

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

/// Makes the evaluation keys of `request` and writes their file, as write_evaluation_keys would, a few keys at a time:
/// so many are in memory, not all. Throws ParameterError for limbs that the context does not have, and what the sink
/// throws. The pool, if any, shares the work; the sink is called by one thread at a time.
void write_evaluation_keys(const SecretKey& secret, const KeyRequest& request, const ByteSink& sink,
                           ThreadPool* pool = nullptr);

}  // namespace obscura::ckks
