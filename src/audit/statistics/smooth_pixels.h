#pragma once

#include <cstddef>
#include <vector>

#include "audit/algebra/matrices.h"

/// Internal to src/audit: which pixel is which, told by how alike neighbours are.
namespace obscura::audit {

/// Second moments of blocks a and b that lie side by side, over all such pairs.
struct PairMoments {
  Matrix first;   ///< E a^T a
  Matrix second;  ///< E b^T b
  Matrix both;    ///< E a^T b
};

/// Of all blocks with themselves, with those to their right, and with those below.
using PixelMoments = std::vector<PairMoments>;

constexpr std::size_t kSameBlock = 0, kRightBlock = 1, kBelowBlock = 2;  ///< in PixelMoments

/// Two pixels side by side: `first` of a block, `second` of the one with these moments.
struct PixelPair {
  Eigen::Index first;
  Eigen::Index second;
  std::size_t moments;
};

/// All such pairs for blocks of k x k pixels.
std::vector<PixelPair> neighbouring_pixels(Eigen::Index k);

/// Mean squared differences of neighbouring pixels.
struct Roughness {
  double inside = 0;  ///< of one block
  double joints = 0;  ///< of a block and the one to its right or below
};

/// Of what `inverse` makes of blocks with these moments: a row times it is k x k pixels.
Roughness roughness_of(const PixelMoments& moments, const Matrix& inverse);

/// The smoothest pictures that are to be had by giving pixels other places, and by adding other pixels, or differences
/// of them, to a pixel, which keeps whole numbers whole both ways. A right inverse stays as it is: the differences of a
/// pixel to its four neighbours sum up to next to nothing, so that whatever is added to it makes it rougher.
Matrix smoothest(const PixelMoments& moments, const Matrix& inverse);

}  // namespace obscura::audit
