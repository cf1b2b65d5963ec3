#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "audit/statistics/match_statistics.h"
#include "image/image.h"
#include "shield/shield.h"

namespace obscura::audit {

/// Which plain image each protected picture shows.
struct PairMatch {
  std::vector<std::size_t> original;  ///< for each protected picture, the plain image
  std::vector<std::size_t> position;  ///< for each row of the first picture, the patch of an image that it was made of
  double residual = 0;                ///< 1 - correlation of the matched distances; 0 perfect, about 1 none
};

/// The matching attack on neuracrypt and color-neuracrypt: N plain images and their N protected forms are known, but
/// not which belongs to which, and the key is not. The task is that of N. Carlini, S. Garg, S. Jha, S. Mahloujifar, M.
/// Mahmoody, F. Tramer, "NeuraCrypt is not private", arXiv 2108.07256, who train contrastive networks for it. Here no
/// network is trained. A wide random network keeps distances between patches, whatever its weights: the attacker
/// protects the plain images with some keys of his own, and compares the N x N distances at every position with those
/// of the protected pictures. Their matching is a quadratic assignment problem, solved by rows' sorted distances first
/// and then by turns for images and for positions. Shuffled patches are put in order beforehand.
///
/// Throws UnsupportedError for another shield; MismatchError unless there are as many pictures as images, two or more,
/// all of one shape. Deterministic.
PairMatch match_pairs(const shield::Parameters& what, std::span<const shield::Protected> ciphers,
                      std::span<const image::Image> plains, const MatchOptions& options = {});

}  // namespace obscura::audit
