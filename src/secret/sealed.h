#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ckks/wire.h"
#include "secret/passphrase.h"
#include "secret/secret_key.h"

/// A secret key under a passphrase, as a file (ckks::Kind::sealed_secret_key):
///
///   payload := parameters key_id:16 scheme:u8 passes:u32 memory_kib:u32 salt:16 nonce:24 box
///
/// scheme 1: a key of 32 bytes by Argon2id (version 1.3, one lane, RFC 9106) of the passphrase and the salt; box is
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) of the coefficients as in a file that is not sealed (secret/wire.h),
/// N / 4 bytes, and a tag of 16; everything before the box, the envelope's head included, is authenticated with it.
/// Parameters and the id are no secrets, and say whose key a file is without the passphrase.
///
/// What a reader will pay is bounded: kMostPasses over kMostMemory.
namespace obscura::ckks {

struct SealedSecretKey {
  Parameters parameters;
  KeyId key{};
  SealCost cost;
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 24> nonce{};
  Bytes box;
};

/// libsodium's least: a pass over 8 KiB.
inline constexpr SealCost kLeastCost{1, 8};
/// Ten passes over 1 GiB: a few seconds. libsodium's SENSITIVE is four over as much.
inline constexpr SealCost kMostCost{10, 1U << 20};

/// A fresh salt and nonce each time. Throws UsageError for a passphrase below kShortestNewPassphrase, ParameterError
/// for a cost that no reader would pay, Error where the memory is not there.
SealedSecretKey seal(const SecretKey& key, const Passphrase& passphrase, const SealCost& cost = kModerateCost);

/// Throws MismatchError for another passphrase, or where anything was altered; FormatError for a sealed key that holds
/// something else than it says; what Context::create throws.
SecretKey unseal(const SealedSecretKey& sealed, const Passphrase& passphrase, std::string_view what = "secret key");

Bytes write_sealed_secret_key(const SealedSecretKey& sealed);
/// Throws as the readers of ckks/wire.h do.
SealedSecretKey read_sealed_secret_key(ByteSpan bytes, std::string_view what = "secret key");

}  // namespace obscura::ckks
