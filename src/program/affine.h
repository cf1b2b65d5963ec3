#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "program/affine_row.h"

namespace obscura::program {

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
  /// Row r times factor(r); rows that share entries go on sharing them where they have the same factor.
  void scale_rows(const std::function<double(std::size_t)>& factor);
};

/// y = x.
AffineMap identity_map(std::size_t size);

/// second after first. Rows that are one another moved along, all the way down, share their entries.
AffineMap compose(const AffineMap& second, const AffineMap& first);

/// Both maps of the same input added up; both have the same columns and rows.
AffineMap sum_of(const AffineMap& a, const AffineMap& b);

}  // namespace obscura::program
