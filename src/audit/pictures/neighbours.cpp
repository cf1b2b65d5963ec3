#include "audit/pictures/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::audit {
namespace {

constexpr double kOneInAHundred = 2.5758293035489004;  ///< of a standard normal variable, both sides together

/// Calls visit(sample, neighbour) for every pair.
template <typename Visit>
std::size_t for_pairs(const image::Image& image, std::size_t channel, Neighbour neighbour, Visit&& visit) {
  if (channel >= image.channels) {
    throw ParameterError(fmt::format("channel {} of a picture that has {}", channel, image.channels));
  }
  const std::size_t right = neighbour == Neighbour::vertical ? 0 : 1;
  const std::size_t down = neighbour == Neighbour::horizontal ? 0 : 1;
  std::size_t pairs = 0;
  for (std::size_t y = 0; y + down < image.height; ++y) {
    for (std::size_t x = 0; x + right < image.width; ++x, ++pairs) {
      visit(image.at(y, x, channel), image.at(y + down, x + right, channel));
    }
  }
  return pairs;
}

}  // namespace

std::string to_string(Neighbour neighbour) {
  constexpr std::array kNames{"horizontal", "vertical", "diagonal"};
  return kNames[static_cast<std::size_t>(neighbour)];
}

double NeighbourCorrelation::limit() const {
  return pairs == 0 ? 1 : std::min(1.0, kOneInAHundred / std::sqrt(static_cast<double>(pairs)));
}

bool NeighbourCorrelation::beyond_chance() const {
  return r && std::abs(*r) > limit();
}

NeighbourCorrelation neighbour_correlation(const image::Image& image, std::size_t channel, Neighbour neighbour) {
  // Bytes: whole numbers, summed without rounding.
  std::uint64_t a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  NeighbourCorrelation result;
  result.pairs = for_pairs(image, channel, neighbour, [&](std::uint64_t one, std::uint64_t other) {
    a += one, b += other, aa += one * one, bb += other * other, ab += one * other;
  });
  const auto n = static_cast<double>(result.pairs);
  if (result.pairs == 0) return result;
  const double mean_a = static_cast<double>(a) / n, mean_b = static_cast<double>(b) / n;
  const double var_a = static_cast<double>(aa) / n - mean_a * mean_a,
               var_b = static_cast<double>(bb) / n - mean_b * mean_b;
  // The variance of bytes that are not all equal is far above what rounding leaves of a constant's.
  if (var_a < 1e-9 || var_b < 1e-9) return result;
  result.r = (static_cast<double>(ab) / n - mean_a * mean_b) / std::sqrt(var_a * var_b);
  return result;
}

std::vector<std::uint32_t> neighbour_counts(const image::Image& image, std::size_t channel, Neighbour neighbour) {
  std::vector<std::uint32_t> counts(256 * 256);
  for_pairs(image, channel, neighbour, [&](std::size_t one, std::size_t other) { ++counts[one * 256 + other]; });
  return counts;
}

}  // namespace obscura::audit
