#pragma once

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

/// SP 800-22 rev. 1a, sections 2.13 to 2.15: the sequence as a walk, a step up for a one and down for a zero.
namespace obscura::randomness {

/// 2.13: how far the walk gets from where it began, the variants "forward" and "backward"; from 100 bits on.
Outcomes cumulative_sums(const BitSequence& bits);

/// 2.14, the variants "-4" to "+4": how often the walk is at x between two returns to zero. From 10^6 bits on, and not
/// applicable where there are fewer returns than 500 or 0.005 sqrt(n): of random sequences of 10^6 bits, some 38 % are.
Outcomes random_excursions(const BitSequence& bits);

/// 2.15, the variants "-9" to "+9": how often it is at x in all. Applicable where that is.
Outcomes random_excursions_variant(const BitSequence& bits);

}  // namespace obscura::randomness
