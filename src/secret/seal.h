#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "ckks/wire.h"
#include "secret/passphrase.h"

/// How a passphrase seals bytes, whatever they are. It stands in files as
///
///   seal := scheme:u8 passes:u32 memory_kib:u32 salt:16 nonce:24
///
/// scheme 1: a key of 32 bytes by Argon2id (version 1.3, one lane, RFC 9106) of the passphrase and the salt; with it
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) makes a box of the bytes, kSealTag longer than they are, and
/// authenticates what stands before the box in its file.
///
/// What a reader will pay is bounded: from kLeastCost to kMostCost.
namespace obscura::ckks {

struct Seal {
  SealCost cost;
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 24> nonce{};
};

/// libsodium's least: a pass over 8 KiB.
inline constexpr SealCost kLeastCost{1, 8};
/// Ten passes over 1 GiB: a few seconds. libsodium's SENSITIVE is four over as much.
inline constexpr SealCost kMostCost{10, 1U << 20};

inline constexpr std::size_t kSealBytes = 1 + 4 + 4 + 16 + 24;
inline constexpr std::size_t kSealTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

bool payable(const SealCost& cost);

/// A fresh salt and nonce, for one box. Throws UsageError for a passphrase below kShortestNewPassphrase, ParameterError
/// for a cost that no reader would pay.
Seal fresh_seal(const Passphrase& passphrase, const SealCost& cost);

void put_seal(ByteWriter& out, const Seal& seal);
/// Throws FormatError, through `in`, for another scheme and for a cost that is not payable.
Seal get_seal(ByteReader& in);

/// `before`: what stands before the box. Throws Error where the memory that the cost asks for is not there.
Bytes close_box(const Seal& seal, const Passphrase& passphrase, ByteSpan plain, ByteSpan before);
/// Into `plain`, kSealTag shorter than the box. Throws MismatchError for another passphrase, or where anything was
/// altered; and as close_box().
void open_box(const Seal& seal, const Passphrase& passphrase, ByteSpan box, ByteSpan before,
              std::span<std::uint8_t> plain, std::string_view what);

}  // namespace obscura::ckks
