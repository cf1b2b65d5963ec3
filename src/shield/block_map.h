#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace obscura::shield {

/// What a shield that is linear in blocks does to pictures of one shape. A block is a vector of channels * block^2
/// samples, channel by channel, in rows: protected = matrix * plain + offset, and goes to another place.
struct BlockMap {
  std::size_t channels = 0;
  std::size_t block = 0;
  std::vector<double> matrix;        ///< [n][n], n = channels * block^2: matrix[out * n + in]
  std::vector<double> inverse;       ///< of the matrix
  std::vector<double> offset;        ///< [n]
  std::vector<std::uint32_t> place;  ///< plain block b becomes protected block place[b]; empty: all stay
  std::size_t size() const { return channels * block * block; }
};

}  // namespace obscura::shield
