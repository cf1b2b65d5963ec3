#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/augment.h"
#include "train/recipe.h"

/// For this folder: what chance decides in a training run, from its seed alone and the same everywhere.
namespace obscura::train {

/// splitmix64's finaliser (Steele, Lea, Flood 2014): unrelated streams from neighbouring seeds.
std::uint64_t mix(std::uint64_t z);

/// 0 to count - 1 in the order of an epoch.
std::vector<std::int64_t> shuffled(std::size_t count, std::uint64_t seed, std::size_t epoch);

/// The stream of an epoch's augmentation.
std::uint64_t epoch_stream(std::uint64_t seed, std::size_t epoch);

/// Pixels 0 to 255 of a batch, in place; image n depends on (stream, first + n) only. `fill`, a value a channel, is
/// what cutout paints.
void augment(std::vector<float>& pixels, const image::BatchShape& shape, const Augmentation& augmentation,
             std::span<const float> fill, std::uint64_t stream, std::uint64_t first);

}  // namespace obscura::train
