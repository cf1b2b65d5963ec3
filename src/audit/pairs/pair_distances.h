#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "audit/algebra/matrices.h"
#include "audit/pairs/patches.h"
#include "shield/shield.h"

/// Internal to src/audit: which image is which, and which row of a shuffled picture is which patch, from distances
/// between images at each position, which wide random networks keep.
namespace obscura::audit {

using Order = std::vector<std::size_t>;

/// Squared distances between images, a matrix a position, and their sum; each of mean 0 and variance 1.
struct Distances {
  std::vector<Matrix> at;
  Matrix total;
};

/// pictures[image] has a row a position.
Distances distances_of(std::span<const Patches> pictures);

/// What a network of unknown weights is expected to make of them: the mean over some keys of the attacker's own.
Distances expected_distances(const shield::Parameters& what, std::span<const image::Image> plains, std::uint64_t seed);

/// The columns that the rows are assigned to for the least sum.
Order assigned(const Matrix& cost);
/// cost(i, j) = |row i of a - row j of b|^2.
Matrix squared_differences(const Matrix& a, const Matrix& b);

/// Which plain image each picture is, by what does not depend on the order of images: at each position if positions are
/// known, or all together.
Order first_match(const Distances& cipher, const Distances& plain, const Order& positions);
/// The same, given a match of all others.
Order match_images(const Distances& cipher, const Distances& plain, const Order& images, const Order& positions);
/// Which position each row is, given the images: distances of the same position agree best.
Order match_positions(const Distances& cipher, const Distances& plain, const Order& images);
/// The correlation of matched distances.
double agreement_of(const Distances& cipher, const Distances& plain, const Order& images, const Order& positions);

}  // namespace obscura::audit
