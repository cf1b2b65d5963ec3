#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "audit/algebra/signed_permutation.h"
#include "image/image.h"

/// Internal to src/audit: the samples inside of blocks put in their places, where all blocks have theirs in one order.
namespace obscura::audit {

/// Where the samples of a block stand, those of all channels together, and which are negative. Samples are numbered
/// channel by channel, row by row.
struct SampleOrder {
  SignedPermutation key;
  double residual = 0;  ///< how far likenesses of samples are from depending on their offset alone; 0 perfect, 1 none
  std::size_t blocks = 0;  ///< that were seen
};

/// Finds it from nothing but how alike samples are over all blocks of some pictures: the same sample of another colour
/// and neighbours are most alike, and how alike two are depends on their offset and colours alone. A first law of
/// likeness is taken from photographs; then that of the samples as they were last put. What cannot be told is told
/// anyhow: the position of the whole block, of eight, the order of its colours, and what is positive.
///
/// With block scrambling undone afterwards (solve_jigsaw) this is the attack of T. Chuman, H. Kiya, "A Jigsaw Puzzle
/// Solver-Based Attack on Image Encryption Using Vision Transformer for Privacy-Preserving DNNs", Information 14(6),
/// 2023: correlations over blocks give the places of pixels, borders those of blocks.
///
/// Pictures of one or three channels whose sides are multiples of the block, two blocks or more in all: else throws
/// MismatchError. Deterministic for a seed.
SampleOrder find_sample_order(std::span<const image::Image> pictures, std::size_t block, std::uint64_t seed);

/// The same of samples by themselves: a row a block, around zero, channels * side^2 columns in the one order.
SampleOrder find_sample_order(MatrixF samples, std::size_t channels, std::size_t side, std::uint64_t seed);

/// The picture with the samples of every block back in their places.
image::Image with_samples_in_order(const SampleOrder& order, const image::Image& picture, std::size_t block);

}  // namespace obscura::audit
