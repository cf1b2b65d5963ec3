#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace obscura::ring {

/// Deterministic Miller-Rabin, exact for every 64-bit number.
bool is_prime(std::uint64_t n);

/// The `count` largest primes of exactly `bits` bits (20 <= bits <= 60... smaller where they exist) with p = 1 mod 2N,
/// largest first, none of them in `exclude`. Throws ParameterError if there are not enough.
std::vector<std::uint64_t> ntt_primes(int bits, std::size_t degree, std::size_t count,
                                      const std::vector<std::uint64_t>& exclude = {});

/// The smallest primitive 2N-th root of unity modulo the prime q = 1 mod 2N.
std::uint64_t smallest_primitive_root(std::uint64_t q, std::size_t degree);

}  // namespace obscura::ring
