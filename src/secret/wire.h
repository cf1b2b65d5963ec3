#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file_stream.h"
#include "ckks/wire.h"
#include "secret/passphrase.h"
#include "secret/secret_key.h"

/// The owner's half of the wire format (ckks/wire.h): the secret key.
///
///   payload := parameters words(N)     one of 2 bits a coefficient: 0, 1, and 2 for -1; 3 is an error
///
/// A quarter of a byte a coefficient: 2 KB at N = 2^13. It is not encrypted; whoever has the bytes has the key. Files
/// may also hold a key under a passphrase (secret/sealed.h).
namespace obscura::ckks {

/// The caller wipes the bytes.
Bytes write_secret_key(const SecretKey& key);

/// Makes the Context from the file, so throws what Context::create throws, too.
SecretKey read_secret_key(ByteSpan bytes, std::string_view what = "secret key");
/// For a context that is there already. Throws MismatchError if the key is of another.
SecretKey read_secret_key(ContextPtr context, ByteSpan bytes, std::string_view what = "secret key");

/// The Context of parameters that a file brought: as Context::create, in words that name the file.
ContextPtr context_of_file(const Parameters& parameters, std::string_view what);

/// To and from a file that only its owner may read (mode 0600), sealed where `sealing` says so; copies in memory are
/// wiped. Loading takes sealed keys and others, and asks for a passphrase only where it needs one. Throws IoError, too,
/// MismatchError for a sealed key without a passphrase or with a wrong one, and what seal() throws.
void save_secret_key(const std::filesystem::path& path, const SecretKey& key, const Sealing& sealing = {});
SecretKey load_secret_key(const std::filesystem::path& path, const PassphraseSource& passphrase = {});

/// What stands in such a file, for who keeps it elsewhere; `what` names it. The caller wipes the bytes. Throw as those
/// above but IoError.
Bytes write_secret_key(const SecretKey& key, const Sealing& sealing, const std::string& what = "secret key");
SecretKey read_secret_key(ByteSpan bytes, const PassphraseSource& passphrase, const std::string& what = "secret key");

/// Whether a file that begins so holds a sealed key.
bool holds_sealed_secret_key(ByteSpan start);
/// Whether there is one in the file, by its first bytes. Throws IoError.
bool is_sealed_secret_key(const std::filesystem::path& path);

/// The same key in the same file, sealed anew, or no longer where `sealing` does not seal. `now`: the passphrase that
/// it has, if any. What is written is read again, in memory, before it takes the old file's place in one step, so that
/// no failure, crash or power cut loses the key; a link is followed. Throws as both of the above.
void reseal_secret_key(const std::filesystem::path& path, const PassphraseSource& now, const Sealing& sealing);

/// Makes the evaluation keys of `request` and writes their file, as write_evaluation_keys would, a few keys at a time:
/// so many are in memory, not all. Throws ParameterError for limbs that the context does not have, and what the sink
/// throws. The pool, if any, shares the work; the sink is called by one thread at a time.
void write_evaluation_keys(const SecretKey& secret, const KeyRequest& request, const ByteSink& sink,
                           ThreadPool* pool = nullptr);

}  // namespace obscura::ckks
