#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace obscura::program {

/// y = A x + b between two tensors, A sparse by rows: what every linear layer, and every run of linear layers, becomes.
struct AffineMap {
  struct Entry {
    std::uint32_t column = 0;
    double value = 0;
  };
  std::size_t columns = 0;
  std::vector<std::vector<Entry>> rows;  ///< each sorted by column, no column twice
  std::vector<double> bias;              ///< a value a row

  std::vector<double> apply(const std::vector<double>& x) const;
  double largest() const;  ///< max |entry|
  std::size_t entries() const;
};

/// y = x.
AffineMap identity_map(std::size_t size);

/// second after first.
AffineMap compose(const AffineMap& second, const AffineMap& first);

/// Both maps of the same input added up; both have the same columns and rows.
AffineMap sum_of(const AffineMap& a, const AffineMap& b);

}  // namespace obscura::program
