#include "audit/chunks/harmonic.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr float kMiddle = 127.5F;
constexpr float kOverRelaxation = 1.85F;
constexpr int kMostSweeps = 2000;
constexpr std::size_t kSmallest = 4;  ///< pixels a side of the smallest picture that is halved

struct Grid {
  std::size_t height = 0, width = 0;
  std::vector<float> values;
  std::vector<bool> known;
};

/// Four pixels become one: the mean of those that are known.
Grid halved(const Grid& grid) {
  Grid half{(grid.height + 1) / 2, (grid.width + 1) / 2, {}, {}};
  for (std::size_t y = 0; y < half.height; ++y) {
    for (std::size_t x = 0; x < half.width; ++x) {
      float sum = 0, count = 0;
      for (std::size_t v = 2 * y; v < std::min(2 * y + 2, grid.height); ++v) {
        for (std::size_t u = 2 * x; u < std::min(2 * x + 2, grid.width); ++u) {
          const std::size_t i = v * grid.width + u;
          if (grid.known[i]) sum += grid.values[i], ++count;
        }
      }
      half.values.push_back(count > 0 ? sum / count : 0);
      half.known.push_back(count > 0);
    }
  }
  return half;
}

/// Moves the pixel at i towards the mean of its neighbours; how far.
float relax(Grid& grid, std::size_t y, std::size_t x) {
  const std::size_t i = y * grid.width + x;
  float sum = 0, count = 0;
  if (y > 0) sum += grid.values[i - grid.width], ++count;
  if (y + 1 < grid.height) sum += grid.values[i + grid.width], ++count;
  if (x > 0) sum += grid.values[i - 1], ++count;
  if (x + 1 < grid.width) sum += grid.values[i + 1], ++count;
  const float step = count == 0 ? 0 : kOverRelaxation * (sum / count - grid.values[i]);
  grid.values[i] += step;
  return std::abs(step);
}

void solve(Grid& grid) {
  std::vector<std::pair<std::size_t, std::size_t>> open;
  for (std::size_t i = 0; i < grid.known.size(); ++i) {
    if (!grid.known[i]) open.emplace_back(i / grid.width, i % grid.width);
  }
  float most = open.empty() ? 0 : kMiddle;
  for (int sweep = 0; sweep < kMostSweeps && most > kHarmonicStep; ++sweep) {
    most = 0;
    for (const auto& [y, x] : open) most = std::max(most, relax(grid, y, x));
  }
}

float mean_of_known(const Grid& grid) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < grid.values.size(); ++i) {
    if (grid.known[i]) sum += static_cast<double>(grid.values[i]), ++count;
  }
  return count > 0 ? static_cast<float>(sum / count) : kMiddle;
}

void complete(Grid& grid) {
  if (std::min(grid.height, grid.width) < kSmallest) {
    const float start = mean_of_known(grid);
    for (std::size_t i = 0; i < grid.values.size(); ++i) grid.values[i] = grid.known[i] ? grid.values[i] : start;
  } else {
    Grid half = halved(grid);
    complete(half);
    for (std::size_t i = 0; i < grid.values.size(); ++i) {
      if (!grid.known[i]) grid.values[i] = half.values[i / grid.width / 2 * half.width + i % grid.width / 2];
    }
  }
  solve(grid);
}

}  // namespace

std::vector<float> harmonic_fill(std::span<const float> picture, const std::vector<bool>& known, std::size_t height,
                                 std::size_t width) {
  if (picture.size() != height * width || known.size() != picture.size()) {
    throw MismatchError("a picture, what is known of it and its sides do not belong together");
  }
  if (std::ranges::count(known, true) == 0) return std::vector<float>(picture.size(), kMiddle);
  Grid grid{height, width, {picture.begin(), picture.end()}, known};
  complete(grid);
  return grid.values;
}

}  // namespace obscura::audit
