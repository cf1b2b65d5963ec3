#include "study/search/gallery_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "image/random.h"
#include "search/distances.h"
#include "search/metrics.h"

namespace obscura::study {
namespace {

constexpr std::uint64_t kShuffleSeed = 1;
constexpr std::size_t kShown = 5;  // images that a search shows

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Queries are drawn independently, so that their mean is about normal with the deviation of one over sqrt(queries).
report::Interval normal_interval(std::span<const double> values) {
  if (values.size() < 2) return {};
  const double mean = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const auto n = static_cast<double>(values.size());
  const double half = 1.96 * std::sqrt(squares / (n - 1) / n);
  return {std::max(mean - half, 0.0), std::min(mean + half, 1.0)};
}

/// That k images drawn at random of n are all among m given ones; m is k or more.
double chance_of_all(std::size_t k, std::size_t m, std::size_t n) {
  double chance = 1;
  for (std::size_t i = 0; i < k; ++i) chance *= static_cast<double>(m - i) / static_cast<double>(n - i);
  return chance;
}

std::vector<std::uint8_t> relevance(std::span<const std::uint32_t> ranking, std::span<const std::int64_t> labels,
                                    std::int64_t label) {
  std::vector<std::uint8_t> flags;
  for (const std::uint32_t image : ranking) flags.push_back(labels[image] == label ? 1 : 0);
  return flags;
}

Measure share(std::size_t part, std::size_t whole, double null) {
  return {static_cast<double>(part) / static_cast<double>(whole), report::wilson_interval(part, whole), null};
}

}  // namespace

RankingMeasures::RankingMeasures(std::vector<bool> taken, std::vector<std::int64_t> labels)
    : all_places_(taken.size()) {
  if (taken.size() != labels.size()) {
    throw MismatchError(fmt::format("{} labels of {} places", labels.size(), taken.size()));
  }
  for (std::size_t place = 0; place < taken.size(); ++place) {
    if (!taken[place]) continue;
    places_.push_back(place);
    labels_.push_back(labels[place]);
  }
  if (places_.empty()) throw UsageError("an empty gallery cannot be measured: index pictures first");
  shuffled_ = labels_;
  image::SplitMix random(kShuffleSeed);
  for (std::size_t i = shuffled_.size(); i > 1; --i) std::swap(shuffled_[i - 1], shuffled_[random.below(i)]);
}

std::vector<float> RankingMeasures::of_images(std::span<const float> distances) const {
  if (distances.size() != all_places_) {
    throw MismatchError(fmt::format("{} distances of {} places", distances.size(), all_places_));
  }
  std::vector<float> out;
  for (const std::size_t place : places_) out.push_back(distances[place]);
  if (std::ranges::any_of(out, [](float d) { return std::isnan(d); })) {
    throw MismatchError("a distance is no number");
  }
  return out;
}

void RankingMeasures::add_scores(std::span<const float> sorted, std::span<const std::uint8_t> relevant, bool null) {
  const std::size_t five = std::min(kShown, sorted.size()), hundred = std::min<std::size_t>(100, sorted.size());
  const std::array<double, kColumns> scores = {
      search::average_precision(relevant),     search::tied_average_precision(relevant, sorted),
      search::precision_at(relevant, five),    search::tied_precision_at(relevant, sorted, five),
      search::precision_at(relevant, hundred), search::tied_precision_at(relevant, sorted, hundred)};
  for (std::size_t c = 0; c < kColumns; ++c) {
    (null ? columns_[c].null : columns_[c].values).push_back(scores[c]);
  }
}

void RankingMeasures::compare(std::span<const float> distances, std::span<const float> exact, double bound) {
  const std::size_t k = std::min(kShown, distances.size());
  auto found = search::nearest(distances, k), expected = search::nearest(exact, k);
  // An error moves what is near by one bound, and what is farther by another.
  const double limit = static_cast<double>(exact[expected.back()]) + 2 * bound;
  const auto near = [limit](float distance) { return distance <= limit; };
  const bool as_near = std::ranges::all_of(found, [&](std::uint32_t i) { return near(exact[i]); });
  as_near_by_chance_ += chance_of_all(k, static_cast<std::size_t>(std::ranges::count_if(exact, near)), exact.size());
  std::ranges::sort(found), std::ranges::sort(expected);
  ++compared_;
  agreed_ += found == expected ? 1 : 0;
  as_near_ += as_near ? 1 : 0;
}

void RankingMeasures::add(std::span<const float> distances, std::int64_t label, std::span<const float> exact,
                          double bound) {
  const auto own = of_images(distances);
  const auto ranking = search::ranked(own);
  std::vector<float> sorted;
  for (const std::uint32_t image : ranking) sorted.push_back(own[image]);
  const auto relevant = relevance(ranking, labels_, label);
  add_scores(sorted, relevant, false);
  add_scores(sorted, relevance(ranking, shuffled_, label), true);
  ++queries_;
  if (std::ranges::count(relevant, 1) == 0) ++without_relevant_;
  if (!exact.empty()) compare(own, of_images(exact), bound);
}

GalleryMeasures RankingMeasures::measures() const {
  if (queries_ == 0) throw UsageError("no query was measured");
  const auto measure = [&](std::size_t c) {
    return Measure{mean_of(columns_[c].values), normal_interval(columns_[c].values), mean_of(columns_[c].null)};
  };
  GalleryMeasures out{measure(kMap),
                      measure(kMapTied),
                      measure(kFive),
                      measure(kFiveTied),
                      measure(kHundred),
                      measure(kHundredTied),
                      {},
                      {},
                      queries_,
                      without_relevant_};
  if (compared_ > 0) {
    const std::size_t k = std::min(kShown, places_.size());
    out.top5_agreement = share(agreed_, compared_, chance_of_all(k, k, places_.size()));
    out.top5_as_near = share(as_near_, compared_, as_near_by_chance_ / static_cast<double>(compared_));
  }
  return out;
}

}  // namespace obscura::study
