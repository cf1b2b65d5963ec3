#pragma once

#include <Eigen/Dense>
#include <array>
#include <cstdint>
#include <vector>

#include "audit/jigsaw/jigsaw.h"
#include "image/image.h"

/// Internal to src/audit: borders of pieces, and how well they go on into each other.
namespace obscura::audit {

/// What is done to colours: out[c] = in[order[c]], then its negative (about the middle of the range, where zero is).
struct Recolour {
  std::array<std::uint8_t, 3> order = {0, 1, 2};
  bool negative = false;
  friend bool operator==(const Recolour&, const Recolour&) = default;
};

/// First `inner`, then `outer`.
Recolour after(const Recolour& outer, const Recolour& inner);
Recolour inverse(const Recolour& change);
/// Those that the rules allow, no change first.
std::vector<Recolour> recolours(const JigsawRules& rules);

/// A side of a piece, in clockwise order: the outermost samples and how they change outwards.
struct Border {
  using Samples = Eigen::Matrix<double, Eigen::Dynamic, 3>;
  Samples samples;
  Eigen::RowVector3d slope;   ///< mean of outward gradients
  Eigen::Matrix3d precision;  ///< inverse of their covariance, with Gallagher's nine made-up gradients
};

/// Sides clockwise: top, right, bottom, left.
using Borders = std::array<Border, 4>;

/// Samples are taken to be around zero: v - 127.5.
Borders borders_of(const image::Image& picture, std::size_t top, std::size_t left, std::size_t block);

/// How badly the second border goes on from the first and back, the second one recoloured first. `along`: both in one
/// direction, as when one of the pieces is mirrored; otherwise they run against each other, as clockwise ones do.
double mismatch(const Border& first, const Border& second, bool along, const Recolour& change);

}  // namespace obscura::audit
