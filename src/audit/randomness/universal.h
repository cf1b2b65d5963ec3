#pragma once

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

namespace obscura::randomness {

/// SP 800-22 rev. 1a, section 2.9, Maurer's universal test: how far apart equal blocks of L bits are, which is how well
/// the sequence compresses. L from 6 to 16 follows from the length; from 387,840 bits on.
Outcome universal(const BitSequence& bits);

}  // namespace obscura::randomness
