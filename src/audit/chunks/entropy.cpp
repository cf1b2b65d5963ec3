#include "audit/chunks/entropy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <random>
#include <utility>

namespace obscura::audit {
namespace {

template <typename Outcome>
std::vector<std::size_t> counts_of(const std::vector<Outcome>& outcomes) {
  std::map<Outcome, std::size_t> seen;
  for (const Outcome& one : outcomes) ++seen[one];
  std::vector<std::size_t> counts;
  counts.reserve(seen.size());
  for (const auto& [outcome, count] : seen) counts.push_back(count);
  return counts;
}

/// Every map as a number, in the order in which they first occur.
std::vector<std::size_t> numbered_maps(std::span<const ServerView> views) {
  std::map<std::vector<std::int32_t>, std::size_t> seen;
  std::vector<std::size_t> numbers;
  for (const ServerView& view : views) numbers.push_back(seen.emplace(view.indices, seen.size()).first->second);
  return numbers;
}

double shared_bits(const std::vector<std::size_t>& maps, const std::vector<std::int64_t>& labels) {
  std::vector<std::pair<std::size_t, std::int64_t>> both;
  for (std::size_t n = 0; n < maps.size(); ++n) both.emplace_back(maps[n], labels[n]);
  return miller_madow_bits(counts_of(maps)) + miller_madow_bits(counts_of(labels)) - miller_madow_bits(counts_of(both));
}

}  // namespace

double entropy_bits(std::span<const std::size_t> counts) {
  const auto n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  double bits = 0;
  for (const std::size_t count : counts) {
    const double p = static_cast<double>(count) / n;
    if (count > 0) bits -= p * std::log2(p);
  }
  return bits;
}

double miller_madow_bits(std::span<const std::size_t> counts) {
  const auto n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  const auto seen = std::ranges::count_if(counts, [](std::size_t count) { return count > 0; });
  return seen == 0 ? 0 : entropy_bits(counts) + static_cast<double>(seen - 1) / (2 * n * std::numbers::ln2);
}

MapEntropy map_entropy(std::span<const ServerView> views, std::span<const std::int64_t> labels, std::uint64_t seed) {
  const auto maps = numbered_maps(views);
  const auto counts = counts_of(maps);
  std::vector<std::int64_t> classes(labels.begin(), labels.end());
  MapEntropy entropy{counts.size(), entropy_bits(counts), miller_madow_bits(counts), shared_bits(maps, classes), 0};
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < kShuffles; ++i) {
    std::ranges::shuffle(classes, random);
    entropy.shuffled_bits += shared_bits(maps, classes) / static_cast<double>(kShuffles);
  }
  return entropy;
}

}  // namespace obscura::audit
