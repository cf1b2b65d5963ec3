#pragma once

#include "ring/packed_matrix.h"

namespace obscura::ring {

namespace scalar {
void multiply(const PackedMatrix& m, const Modulus& q, std::uint64_t* const* r, const std::uint64_t* const* x);
}

namespace ifma {
/// q < 2^50.
void multiply(const PackedMatrix& m, const Modulus& q, std::uint64_t* const* r, const std::uint64_t* const* x);
}  // namespace ifma

}  // namespace obscura::ring
