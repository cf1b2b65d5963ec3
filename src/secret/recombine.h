#pragma once

#include <cstddef>
#include <cstdint>

#include "ckks/context.h"

namespace obscura::ckks {

/// Centred numbers in (-Q/2, Q/2), Q = q[0] ... q[limbs - 1], from their residues: exact but for the last rounding to
/// double, then times `factor`. `residues` is in coefficient form, row i at i N, and overwritten; both arrays are
/// 64-byte aligned.
void recombine(const Context& context, std::size_t limbs, std::uint64_t* residues, double factor, double* out);

}  // namespace obscura::ckks
