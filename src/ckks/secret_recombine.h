#pragma once

#include <cstddef>

#include "ckks/context.h"
#include "ring/polynomial.h"

namespace obscura::ckks {

/// Centred numbers in (-Q/2, Q/2), Q = q[0] ... q[limbs - 1], from their residues: exact but for the last rounding to
/// double, then times `factor`. `residues` is in coefficient form and overwritten.
void recombine(const Context& context, ring::Polynomial& residues, double factor, double* out);

}  // namespace obscura::ckks
