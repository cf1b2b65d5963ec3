#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace obscura::ring {

/// The Galois element of a rotation by `steps` slots to the left: 3^steps mod 2N (SEAL's generator), steps taken
/// modulo N/2 and allowed to be negative.
std::uint64_t galois_element(std::int64_t steps, std::size_t degree);

/// The Galois element of complex conjugation: 2N - 1.
std::uint64_t conjugation_element(std::size_t degree);

/// The element g' with g g' = 1 mod 2N.
std::uint64_t inverse_element(std::uint64_t element, std::size_t degree);

/// X -> X^element on NTT form in bit-reversed order as a permutation: result[i] = input[index[i]].
/// Throws ParameterError for an even element or one over 2N.
std::vector<std::uint32_t> ntt_automorphism(std::uint64_t element, std::size_t degree);

}  // namespace obscura::ring
