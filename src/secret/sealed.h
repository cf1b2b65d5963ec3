#pragma once

#include <string_view>

#include "ckks/wire.h"
#include "secret/passphrase.h"
#include "secret/seal.h"
#include "secret/secret_key.h"

/// A secret key under a passphrase, as a file (ckks::Kind::sealed_secret_key):
///
///   payload := parameters key_id:16 seal box        seal: secret/seal.h
///
/// The box is made of the coefficients as in a file that is not sealed (secret/wire.h), N / 4 bytes; everything before
/// it, the envelope's head included, is authenticated with it. Parameters and the id are no secrets, and say whose key
/// a file is without the passphrase. Other secrets are sealed as files: secret/sealed_file.h.
namespace obscura::ckks {

struct SealedSecretKey : Seal {
  Parameters parameters;
  KeyId key{};
  Bytes box;
};

/// A fresh salt and nonce each time. Throws as fresh_seal() and close_box().
SealedSecretKey seal(const SecretKey& key, const Passphrase& passphrase, const SealCost& cost = kModerateCost);

/// Throws MismatchError for another passphrase, or where anything was altered; FormatError for a sealed key that holds
/// something else than it says; what Context::create throws.
SecretKey unseal(const SealedSecretKey& sealed, const Passphrase& passphrase, std::string_view what = "secret key");

Bytes write_sealed_secret_key(const SealedSecretKey& sealed);
/// Throws as the readers of ckks/wire.h do.
SealedSecretKey read_sealed_secret_key(ByteSpan bytes, std::string_view what = "secret key");

}  // namespace obscura::ckks
