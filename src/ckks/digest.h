#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ckks/parameters.h"

namespace obscura::ckks {

/// BLAKE2b-256 of the parameters: what ciphertexts and keys carry to say where they belong.
using Digest = std::array<std::uint8_t, 32>;

/// The one way to write parameters as bytes, little-endian; also their section in files (ckks/wire.h):
///
///   log_degree: u32   digit_size: u64   insecure: u8 (0 or 1)
///   q count: u32      p count: u32      primes: u64 each, q then p
std::vector<std::uint8_t> canonical_bytes(const Parameters& parameters);

/// BLAKE2b-256 of canonical_bytes, keyed with "obscura parameters". Any parameters, checked or not, have one; two
/// that differ in anything differ in it.
Digest digest_of(const Parameters& parameters);

}  // namespace obscura::ckks
