#pragma once

#include <cstddef>
#include <cstdint>

#include "audit/statistics/placed_samples.h"

/// Internal to src/audit: half-bytes of blocks put in their places, where all blocks have theirs in one order (le).
namespace obscura::audit {

struct HalfByteOrder {
  SignedPermutation key;  ///< numbered as Unit::halves has them
  double residual = 0;    ///< of the upper halves: SampleOrder::residual
};

/// Finds it from blocks of colour pictures and nothing else, those of one picture if need be: upper halves rise and
/// fall together, which lower ones do not; they are put in order as samples are (find_sample_order), and lower halves
/// follow from what lies around them (settle_low_halves). Which of eight positions all blocks stand in is told by their
/// joints. What cannot be told is told anyhow: the order of colours, and what is positive. Deterministic for a seed.
HalfByteOrder find_half_byte_order(const PlacedSamples& hidden, std::size_t side, std::uint64_t seed);

}  // namespace obscura::audit
