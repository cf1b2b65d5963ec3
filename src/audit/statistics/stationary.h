#pragma once

#include <cstddef>
#include <utility>

#include "audit/statistics/block_statistics.h"

/// Internal to src/audit: pictures that look the same everywhere.
namespace obscura::audit {

/// A first idea of how alike pixels are that lie (y, x) apart: exp(-(d / length)^power), where d is the `norm`-norm of
/// (aspect y, x). The numbers to begin with are about those of photographs of 32x32 pixels.
struct Likeness {
  double power = 1.1;
  double length = 9;
  double norm = 1.4;
  double aspect = 1.2;
};

/// The covariance of two pixels, which depends on nothing but how far apart they are, for all offsets that blocks and
/// their neighbours (neighbour_lags) have. Of variance 1. A regular type.
class Stationary {
 public:
  Stationary(std::size_t block, const Likeness& likeness);
  /// What such statistics have in common: the mean over all pairs of pixels of an offset.
  Stationary(std::size_t block, const BlockStatistics& statistics);

  /// Of pictures with this covariance and a mean of 1; without means of places.
  BlockStatistics statistics() const;

 private:
  /// Of an offset in values_.
  std::pair<Eigen::Index, Eigen::Index> place(std::ptrdiff_t down, std::ptrdiff_t right) const;

  std::size_t block_;
  std::ptrdiff_t reach_;  // offsets are less than that
  Matrix values_;         // [down][reach + right - 1]
};

}  // namespace obscura::audit
