#include "search/binned.h"

#include <algorithm>

namespace obscura::search {

std::vector<float> quantile_thresholds(std::vector<float> values) {
  std::ranges::sort(values);
  const std::size_t n = values.size();
  std::vector<float> thresholds;
  std::size_t different = n == 0 ? 0 : 1;
  for (std::size_t i = 1; i < n; ++i) different += values[i] != values[i - 1] ? 1 : 0;
  const auto between = [&](std::size_t i) { return values[i - 1] + (values[i] - values[i - 1]) / 2; };
  if (different <= kBins) {
    for (std::size_t i = 1; i < n; ++i) {
      if (values[i] != values[i - 1]) thresholds.push_back(between(i));
    }
    return thresholds;
  }
  // The first change of value at or after each quantile.
  std::size_t last = 0;
  for (std::size_t q = 1; q < kBins; ++q) {
    std::size_t i = std::max(q * n / kBins, last + 1);
    while (i < n && values[i] == values[i - 1]) ++i;
    if (i >= n) break;
    thresholds.push_back(between(i));
    last = i;
  }
  return thresholds;
}

BinnedFeatures::BinnedFeatures(const FeatureTable& features, ThreadPool& pool)
    : rows_(features.rows()), columns_(features.columns), bins_(rows_ * columns_) {
  pool.parallel_for(columns_, [&](std::size_t c) {
    std::vector<float> values(rows_);
    for (std::size_t r = 0; r < rows_; ++r) values[r] = features.values[r * columns_ + c];
    const auto thresholds = quantile_thresholds(values);
    std::uint8_t* bins = bins_.data() + c * rows_;
    for (std::size_t r = 0; r < rows_; ++r) {
      bins[r] = static_cast<std::uint8_t>(std::ranges::lower_bound(thresholds, values[r]) - thresholds.begin());
    }
  });
}

}  // namespace obscura::search
