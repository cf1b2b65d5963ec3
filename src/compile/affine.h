#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/affine_row.h"
#include "nn/graph.h"

namespace obscura::compile {

/// y = A x + b between two tensors, A sparse by rows: what every linear layer, and every run of linear layers, becomes.
struct AffineMap {
  using Entry = AffineEntry;
  using Row = AffineRow;
  std::size_t columns = 0;
  std::vector<Row> rows;
  std::vector<double> bias;  ///< a value a row

  std::vector<double> apply(const std::vector<double>& x) const;
  double largest() const;  ///< max |entry|
  std::size_t entries() const;
};

/// The map of one linear node (convolution, average pool, batch norm, pad, rearrangement, flatten, dense) for its input
/// shape. Throws UnsupportedError for a node that is not linear.
AffineMap affine_of(const nn::Node& node, const nn::Shape& input);

/// How many rows and columns of the image lie between two of the output's, where the layer leaves all others out or
/// deals them out to channels, as a convolution's stride does; {1, 1} where it moves pixels about.
std::array<std::size_t, 2> grid_stride(const nn::Rearrange& rearrange, const nn::Shape& input);

/// y = x.
AffineMap identity_map(std::size_t size);

/// second after first.
AffineMap compose(const AffineMap& second, const AffineMap& first);

/// Both maps of the same input added up; both have the same columns and rows.
AffineMap sum_of(const AffineMap& a, const AffineMap& b);

}  // namespace obscura::compile
