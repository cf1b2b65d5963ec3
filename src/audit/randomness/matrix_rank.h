#pragma once

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

namespace obscura::randomness {

/// SP 800-22 rev. 1a, section 2.5: how often matrices of 32 x 32 bits, filled row by row, have full rank over GF(2), or
/// one less. From 38 matrices on, 38,912 bits. Chances of the three classes are computed (3.5), not rounded.
Outcome matrix_rank(const BitSequence& bits);

}  // namespace obscura::randomness
