#include "audit/chunks/view_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace obscura::audit {
namespace {

constexpr std::size_t kStatistics = 3;

std::array<float, kStatistics> statistics_of(const image::Image& chunk) {
  const std::vector<double> pixels(chunk.pixels.begin(), chunk.pixels.end());
  const auto n = static_cast<double>(pixels.size());
  const double mean = std::accumulate(pixels.begin(), pixels.end(), 0.0) / n;
  double squares = 0, gradients = 0;
  for (const double v : pixels) squares += (v - mean) * (v - mean);
  for (const double g : sobel_magnitude(pixels, chunk.height, chunk.width)) gradients += g;
  return {static_cast<float>(mean), static_cast<float>(std::sqrt(squares / n)), static_cast<float>(gradients / n)};
}

}  // namespace

FeatureRows count_rows(std::span<const ServerView> views) {
  FeatureRows rows{2, {}};
  for (const ServerView& view : views) {
    rows.values.push_back(static_cast<float>(view.ciphertexts));
    rows.values.push_back(static_cast<float>(view.bytes));
  }
  return rows;
}

FeatureRows map_rows(const Chunking& cut, std::span<const ServerView> views) {
  FeatureRows rows{cut.count(), std::vector<float>(cut.count() * views.size(), 0)};
  for (std::size_t n = 0; n < views.size(); ++n) {
    for (const std::int32_t index : views[n].indices) {
      rows.values[n * rows.columns + static_cast<std::size_t>(std::abs(index)) - 1] = index > 0 ? 1.0F : -1.0F;
    }
  }
  return rows;
}

FeatureRows plain_rows(const Chunking& cut, std::span<const ServerView> views) {
  FeatureRows rows{kStatistics * cut.count(), std::vector<float>(kStatistics * cut.count() * views.size(), -1)};
  for (std::size_t n = 0; n < views.size(); ++n) {
    const std::vector<bool> plain = plain_chunks(cut, views[n]);
    auto chunk = views[n].plain.begin();
    for (std::size_t k = 0; k < cut.count(); ++k) {
      if (!plain[k]) continue;
      const auto of = statistics_of(*chunk++);
      std::ranges::copy(of, rows.values.begin() + static_cast<std::ptrdiff_t>(n * rows.columns + kStatistics * k));
    }
  }
  return rows;
}

}  // namespace obscura::audit
