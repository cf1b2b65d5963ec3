#include "tensor/feature_chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace obscura {

std::vector<std::int32_t> signed_indices(std::span<const double> scores, double threshold) {
  std::vector<std::int32_t> indices;
  indices.reserve(scores.size());
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const auto number = static_cast<std::int32_t>(k) + 1;
    indices.push_back(scores[k] > threshold ? number : -number);
  }
  return indices;
}

std::size_t count_features(std::span<const std::int32_t> indices) {
  return static_cast<std::size_t>(std::ranges::count_if(indices, [](std::int32_t i) { return i > 0; }));
}

double otsu_threshold(std::vector<double> values) {
  if (values.empty()) throw ParameterError("no threshold parts no values");
  std::ranges::sort(values);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  double below = 0, most = 0, threshold = values.back();
  for (std::size_t i = 1; i < values.size(); ++i) {
    below += values[i - 1];
    if (values[i - 1] == values[i]) continue;
    const auto low = static_cast<double>(i), high = static_cast<double>(values.size() - i);
    const double apart = below / low - (sum - below) / high, between = low * high * apart * apart;
    if (between > most) most = between, threshold = (values[i - 1] + values[i]) / 2;
  }
  return threshold;
}

void check_threshold(double threshold, const std::string& option) {
  if (threshold >= 0 && threshold <= kMaxGradient) return;
  throw UsageError(fmt::format("{} is {}, expected a gradient from 0 to {} (of pixels from 0 to 255)", option,
                               threshold, kMaxGradient));
}

}  // namespace obscura
