#pragma once

#include <cstddef>

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

/// SP 800-22 rev. 1a, sections 2.1 to 2.4: are there as many ones as zeros, in the whole and in blocks, and are runs of
/// them as long as they should be?
namespace obscura::randomness {

/// 2.1, monobit; from 100 bits on.
Outcome frequency(const BitSequence& bits);

/// The smallest power of two that 2.2.7 allows as a block: at least 20 bits, more than a hundredth of the sequence.
std::size_t frequency_block(std::size_t bits);

/// 2.2, in blocks of `block` bits; from 100 bits on, and one whole block.
Outcome block_frequency(const BitSequence& bits, std::size_t block);

/// 2.3; from 100 bits on. Not applicable where there are too many ones or zeros for it, which 2.3.4 prints as p = 0: it
/// is the frequency test that failed, with p < 7e-5.
Outcome runs(const BitSequence& bits);

/// 2.4, the longest run of ones in blocks of 8, 128 or 10,000 bits; from 128 bits on.
Outcome longest_run(const BitSequence& bits);

}  // namespace obscura::randomness
