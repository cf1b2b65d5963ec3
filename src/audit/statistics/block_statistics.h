#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// From one block of a picture to another: so many rows of blocks down and columns to the right.
struct Lag {
  std::size_t down = 0;
  std::ptrdiff_t right = 0;
};

/// Neighbours whose covariances tell blocks apart.
const std::vector<Lag>& neighbour_lags();

/// What the blocks of all pictures have in common, wherever in a picture they stand. A block is a row vector x.
struct BlockStatistics {
  Vector mean;
  Matrix covariance;           ///< E (x - mean)^T (x - mean)
  std::vector<Matrix> lagged;  ///< for each lag E (x - mean)^T (x' - mean), x' being the block that it leads to
  Matrix means;                ///< a row for each place in the grid: the mean there, less `mean`
  std::size_t blocks = 0;      ///< how many were seen
};

/// Blocks of some pictures: samples[place] has a row a picture. Row after row of blocks.
using PlacedBlocks = std::vector<Rows>;
/// Fills `out`, which has as many rows as are wanted, with pictures from `first` on.
using ReadBlocks = std::function<void(std::size_t first, PlacedBlocks& out)>;

/// Goes over `count` pictures of rows x columns blocks of `size` numbers, some at a time. Lags that lead out of every
/// picture give zero matrices.
BlockStatistics block_statistics(std::size_t count, std::size_t rows, std::size_t columns, std::size_t size,
                                 const ReadBlocks& read);

}  // namespace obscura::audit
