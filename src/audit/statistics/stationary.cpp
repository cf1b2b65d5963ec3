#include "audit/statistics/stationary.h"

#include <algorithm>
#include <cmath>

namespace obscura::audit {
namespace {

/// Every pair of pixels of a block and of the one that a lag leads to: body(i, j, rows down, columns to the right).
template <typename Body>
void each_pair(std::size_t block, Lag lag, Body body) {
  const auto k = static_cast<std::ptrdiff_t>(block);
  const std::ptrdiff_t down = static_cast<std::ptrdiff_t>(lag.down) * k, right = lag.right * k;
  for (std::ptrdiff_t i = 0; i < k * k; ++i) {
    for (std::ptrdiff_t j = 0; j < k * k; ++j) body(i, j, down + j / k - i / k, right + j % k - i % k);
  }
}

}  // namespace

Stationary::Stationary(std::size_t block, const Likeness& likeness)
    : block_(block), reach_(3 * static_cast<std::ptrdiff_t>(block)), values_(reach_, 2 * reach_ - 1) {
  for (std::ptrdiff_t y = 0; y < reach_; ++y) {
    for (std::ptrdiff_t x = 1 - reach_; x < reach_; ++x) {
      const double down = likeness.aspect * static_cast<double>(y), right = std::abs(static_cast<double>(x));
      const double far = std::pow(std::pow(down, likeness.norm) + std::pow(right, likeness.norm), 1 / likeness.norm);
      values_(y, reach_ - 1 + x) = std::exp(-std::pow(far / likeness.length, likeness.power));
    }
  }
}

Stationary::Stationary(std::size_t block, const BlockStatistics& statistics)
    : block_(block), reach_(3 * static_cast<std::ptrdiff_t>(block)), values_(Matrix::Zero(reach_, 2 * reach_ - 1)) {
  Matrix pairs = values_;
  const auto add = [&](const Matrix& covariance, Lag lag) {
    each_pair(block, lag, [&](auto i, auto j, auto down, auto right) {
      const auto [row, column] = place(down, right);
      values_(row, column) += covariance(i, j);
      pairs(row, column) += 1;
    });
  };
  add(statistics.covariance, {});
  for (std::size_t d = 0; d < statistics.lagged.size(); ++d) add(statistics.lagged[d], neighbour_lags()[d]);
  values_ = values_.cwiseQuotient(pairs.cwiseMax(1)).eval();
  values_ /= values_(0, reach_ - 1);
}

std::pair<Eigen::Index, Eigen::Index> Stationary::place(std::ptrdiff_t down, std::ptrdiff_t right) const {
  // The covariance of two is that of the two the other way round.
  const bool back = down < 0 || (down == 0 && right < 0);
  return {back ? -down : down, reach_ - 1 + (back ? -right : right)};
}

BlockStatistics Stationary::statistics() const {
  const auto size = static_cast<Eigen::Index>(block_ * block_);
  const auto filled = [&](Lag lag) {
    Matrix out(size, size);
    each_pair(block_, lag, [&](auto i, auto j, auto down, auto right) {
      const auto [row, column] = place(down, right);
      out(i, j) = values_(row, column);
    });
    return out;
  };
  BlockStatistics out;
  out.mean = Vector::Ones(size);
  out.covariance = filled({});
  for (const Lag& lag : neighbour_lags()) out.lagged.push_back(filled(lag));
  out.means = Matrix(0, size);
  return out;
}

}  // namespace obscura::audit
