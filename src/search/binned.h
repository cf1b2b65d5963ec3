#pragma once

// Internal to src/search.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "search/forest.h"

namespace obscura::search {

inline constexpr std::size_t kBins = 256;

/// Features by the quantile that they are in: a value is in bin b if b thresholds are below it. Column after column.
class BinnedFeatures {
 public:
  BinnedFeatures(const FeatureTable& features, ThreadPool& pool);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::span<const std::uint8_t> column(std::size_t c) const { return std::span(bins_).subspan(c * rows_, rows_); }

 private:
  std::size_t rows_, columns_;
  std::vector<std::uint8_t> bins_;
};

/// The thresholds of one column, ascending, 255 at most: midway between neighbouring values, as scikit-learn puts them.
std::vector<float> quantile_thresholds(std::vector<float> values);

}  // namespace obscura::search
