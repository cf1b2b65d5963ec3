#pragma once

#include "ring/packed_matrix.h"

namespace obscura::ring {

namespace scalar {
void multiply(const PackedMatrix& m, const Modulus& q, std::uint64_t* const* r, const std::uint64_t* const* x);
}

namespace avx2 {
/// Weights up to this many bits leave room for eight products in the 53 bits of a double.
inline constexpr int kWeightBits = 24;
/// q < 2^50, m.bits() <= kWeightBits.
void multiply(const PackedMatrix& m, const Modulus& q, std::uint64_t* const* r, const std::uint64_t* const* x);
}  // namespace avx2

namespace ifma {
/// q < 2^50.
void multiply(const PackedMatrix& m, const Modulus& q, std::uint64_t* const* r, const std::uint64_t* const* x);
}  // namespace ifma

}  // namespace obscura::ring
