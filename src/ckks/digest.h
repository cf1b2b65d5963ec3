#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ckks/parameters.h"

namespace obscura::ckks {

/// BLAKE2b-256 of the parameters: what ciphertexts and keys carry to say where they belong.
using Digest = std::array<std::uint8_t, 32>;

/// Names a secret key to those who must not know it: BLAKE2b-128 of the key's parameters and coefficients. Keys,
/// queries and answers carry it, so that what was made under another key is refused before it is worked on. It tells
/// nothing of the key to whoever cannot guess all of it.
using KeyId = std::array<std::uint8_t, 16>;

/// The one way to write parameters as bytes, little-endian; also their section in files (ckks/wire.h):
///
///   log_degree: u32   digit_size: u64   insecure: u8 (0 or 1)
///   q count: u32      p count: u32      primes: u64 each, q then p
std::vector<std::uint8_t> canonical_bytes(const Parameters& parameters);

/// BLAKE2b-256 of canonical_bytes, keyed with "obscura parameters". Any parameters, checked or not, have one; two
/// that differ in anything differ in it.
Digest digest_of(const Parameters& parameters);

/// The first eight hex digits, for messages.
std::string short_hex(const Digest& digest);

}  // namespace obscura::ckks
