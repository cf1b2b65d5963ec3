#pragma once

#include <cstddef>

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

namespace obscura::randomness {

/// The length of the shortest linear feedback shift register that gives bits [first, first + count), by Berlekamp and
/// Massey, 64 bits at a time.
std::size_t shortest_register(const BitSequence& bits, std::size_t first, std::size_t count);

/// The chance of the lowest class of linear complexities.
enum class LowestClass {
  exact,    ///< 1/96, section 3.10
  printed,  ///< 0.01047, in section 2.10.4 and NIST's program: the digits of 0.0104(1)7 misread
};

/// SP 800-22 rev. 1a, section 2.10, in blocks of `block` bits (500 to 5,000); from 10^6 bits and 200 blocks on.
Outcome linear_complexity(const BitSequence& bits, std::size_t block = 500, LowestClass lowest = LowestClass::exact);

}  // namespace obscura::randomness
