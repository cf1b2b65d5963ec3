#pragma once

#include <Eigen/Dense>
#include <array>
#include <cstdint>
#include <span>
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
/// Those that the rules allow, no change first: a group.
std::vector<Recolour> recolours(const JigsawRules& rules);

/// A side of a piece: the outermost samples, in clockwise order, and what they lead to expect of the next.
struct Border {
  using Samples = Eigen::Matrix<double, Eigen::Dynamic, 3>;
  Samples samples;            ///< around zero: v - 127.5
  Samples wanted;             ///< of the neighbour, times the precision of gradients
  Eigen::Matrix3d precision;  ///< inverse of their covariance, with Gallagher's nine made-up gradients
  Eigen::Matrix3d products;   ///< samples^T samples
  double constant = 0;        ///< squared Mahalanobis length of what is expected
};

/// Sides clockwise: top, right, bottom, left.
using Borders = std::array<Border, 4>;

Borders borders_of(const image::Image& picture, std::size_t top, std::size_t left, std::size_t block);

/// Adds to cost[n] how badly the second border goes on from the first and back, the second recoloured by changes[n]
/// first. `along`: both in one direction, as when one of the pieces is mirrored; otherwise they run against each other,
/// as clockwise ones do.
void add_mismatch(const Border& first, const Border& second, bool along, std::span<const Recolour> changes,
                  double* cost);

}  // namespace obscura::audit
