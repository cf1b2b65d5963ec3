#include "audit/statistics/block_statistics.h"

#include <algorithm>

namespace obscura::audit {
namespace {

constexpr std::size_t kAtOnce = 256;

Eigen::Index index(std::size_t v) {
  return static_cast<Eigen::Index>(v);
}

/// Sums over pictures, from which the statistics follow.
struct Sums {
  Sums(std::size_t rows_, std::size_t columns_, std::size_t size)
      : rows(rows_),
        columns(columns_),
        total(Matrix::Zero(index(rows * columns), index(size))),
        square(Matrix::Zero(index(size), index(size))),
        lagged(neighbour_lags().size(), square),
        pairs(neighbour_lags().size()) {}

  void add(const PlacedBlocks& blocks) {
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      total.row(index(b)) += blocks[b].colwise().sum();
      square.noalias() += blocks[b].transpose() * blocks[b];
    }
    for (std::size_t d = 0; d < lagged.size(); ++d) add_lag(blocks, neighbour_lags()[d], lagged[d], pairs[d]);
  }

  void add_lag(const PlacedBlocks& blocks, Lag lag, Matrix& sum, std::size_t& count) const {
    for (std::size_t y = 0; y + lag.down < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        const auto to = static_cast<std::ptrdiff_t>(x) + lag.right;
        if (to < 0 || to >= static_cast<std::ptrdiff_t>(columns)) continue;
        const Rows& from = blocks[y * columns + x];
        sum.noalias() += from.transpose() * blocks[(y + lag.down) * columns + static_cast<std::size_t>(to)];
        count += static_cast<std::size_t>(from.rows());
      }
    }
  }

  std::size_t rows;
  std::size_t columns;
  Matrix total;
  Matrix square;
  std::vector<Matrix> lagged;
  std::vector<std::size_t> pairs;
};

}  // namespace

const std::vector<Lag>& neighbour_lags() {
  static const std::vector<Lag> lags = {{0, 1}, {1, 0}, {1, 1}, {1, -1}, {0, 2}, {2, 0}};
  return lags;
}

BlockStatistics block_statistics(std::size_t count, std::size_t rows, std::size_t columns, std::size_t size,
                                 const ReadBlocks& read) {
  Sums sums(rows, columns, size);
  PlacedBlocks blocks(rows * columns);
  for (std::size_t first = 0; first < count; first += kAtOnce) {
    const std::size_t some = std::min(kAtOnce, count - first);
    for (Rows& b : blocks) b.resize(index(some), index(size));
    read(first, blocks);
    sums.add(blocks);
  }
  BlockStatistics out;
  out.blocks = count * rows * columns;
  out.mean = sums.total.colwise().sum().transpose() / static_cast<double>(out.blocks);
  const Matrix square_of_mean = out.mean * out.mean.transpose();
  out.covariance = sums.square / static_cast<double>(out.blocks) - square_of_mean;
  for (std::size_t d = 0; d < sums.lagged.size(); ++d) {
    out.lagged.push_back(sums.lagged[d]);
    if (sums.pairs[d] == 0) continue;
    // Blocks at the border have fewer neighbours; that they are counted into the mean is the same for both sides.
    out.lagged[d] = sums.lagged[d] / static_cast<double>(sums.pairs[d]) - square_of_mean;
  }
  out.means = (sums.total / static_cast<double>(count)).rowwise() - out.mean.transpose();
  return out;
}

}  // namespace obscura::audit
