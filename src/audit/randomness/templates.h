#pragma once

#include <cstdint>
#include <vector>

#include "audit/randomness/bits.h"
#include "audit/randomness/outcome.h"

/// SP 800-22 rev. 1a, sections 2.7 and 2.8: how often short patterns occur.
namespace obscura::randomness {

/// Patterns of `length` bits (1 to 16) of which no shift overlaps itself, as numbers in ascending order: 148 of 9 bits.
std::vector<std::uint32_t> aperiodic_templates(int length);

/// 2.7 with all 148 templates of 9 bits, a variant each, in 8 blocks. As no template overlaps itself, its occurrences
/// are counted, and none need be skipped. From 20,480 bits on, which is 5 of each expected in a block: the standard
/// names no number.
Outcomes non_overlapping_templates(const BitSequence& bits);

/// Of nine ones in blocks of 1032 bits: the chance of 0, 1, 2, 3, 4 and of 5 or more occurrences, which may overlap.
enum class OverlapChances {
  hamano_kaneko,  ///< exact ones, of revision 1a (Hamano and Kaneko 2007)
  asymptotic,     ///< of revision 1 and of NIST's program to this day: a Polya-Aeppli limit that is some percent off
};

/// 2.8; from 10^6 bits on.
Outcome overlapping_template(const BitSequence& bits, OverlapChances chances = OverlapChances::hamano_kaneko);

}  // namespace obscura::randomness
