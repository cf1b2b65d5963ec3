#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/modulus.h"

/// Vector kernels behind ring/packed_stream.h (sums_ifma.cpp): q < 2^50, bytes 4, 6 or 7.
namespace obscura::ring::ifma {

void packed_key_product(const Modulus& q, std::size_t n, std::uint64_t* r0, std::uint64_t* r1,
                        const std::uint64_t* const* digits, std::size_t count, const std::uint8_t* key,
                        std::size_t key_digits, std::size_t bytes);
void packed_plaintext_product(const Modulus& q, std::size_t n, std::uint64_t* r0, std::uint64_t* r1,
                              const std::uint64_t* const* a0, const std::uint64_t* const* a1, const std::uint8_t* b,
                              std::size_t count, std::size_t bytes);

}  // namespace obscura::ring::ifma
