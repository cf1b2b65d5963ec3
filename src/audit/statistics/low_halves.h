#pragma once

#include <span>

#include "audit/statistics/placed_samples.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Finds the places and turns of the lower halves of samples when those of the upper halves are known: a sample is near
/// the mean of its neighbours within the block, so that the lower half must be about what that mean exceeds 16 times
/// the upper half by. Needs no public images. `hidden` are the protected blocks, of which those at `places` have the
/// key `key`; side * side * 3 samples a block.
void settle_low_halves(const PlacedSamples& hidden, std::span<const std::size_t> places, std::size_t side,
                       SignedPermutation& key);

}  // namespace obscura::audit
