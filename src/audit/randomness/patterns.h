#pragma once

#include <cstddef>

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

/// SP 800-22 rev. 1a, sections 2.11 and 2.12: whether all patterns of m bits are equally frequent, the sequence taken
/// as a ring.
namespace obscura::randomness {

/// The longest pattern, up to `wanted`, that 2.11.7 (serial) or 2.12.7 (approximate entropy) allows for so many bits; 0
/// if there is none.
std::size_t serial_pattern(std::size_t bits, std::size_t wanted = 16);
std::size_t entropy_pattern(std::size_t bits, std::size_t wanted = 10);

/// 2.11, of m >= 2 bits: the variants "1" and "2", of the first and second difference. The standard asks for m <
/// floor(log2 n) - 2; fewer bits are not applicable, but any m up to 24 is computed that is.
Outcomes serial(const BitSequence& bits, std::size_t m);
/// 2.12; m < floor(log2 n) - 5.
Outcome approximate_entropy(const BitSequence& bits, std::size_t m);

}  // namespace obscura::randomness
