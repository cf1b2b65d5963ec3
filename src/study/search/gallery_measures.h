#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "report/scores.h"

namespace obscura::study {

/// A score, a mean over queries, from 0 to 1.
struct Measure {
  double mean = 0;
  report::Interval interval;  ///< of the mean, with 95 % confidence
  double null = 0;            ///< the same score where the gallery's labels were shuffled
};

/// How good rankings of a gallery are (docs/search.md). Relevant is an image of the query's class; a ranking holds all
/// images of the gallery, of equally near ones the one in the first place first. `tied`: in expectation, equally near
/// ones coming in any order.
struct GalleryMeasures {
  Measure map, map_tied;
  Measure precision_at_5, precision_at_5_tied;
  Measure precision_at_100, precision_at_100_tied;  ///< of galleries with fewer images, of all of them
  /// How often the five nearest are those of the exact ranking, in any order; and how often they are as near as its
  /// fifth, but for the bound of errors. `null`: of five places drawn at random. Nothing where no rankings were
  /// compared.
  std::optional<Measure> top5_agreement, top5_as_near;
  std::size_t queries = 0;
  std::size_t without_relevant = 0;  ///< queries of a class that the gallery does not have: their precision is 0
};

/// Collects rankings and measures them, wherever distances come from.
class RankingMeasures {
 public:
  /// `taken`: places with an image. Labels are shuffled among those, once, always alike. Throws MismatchError for parts
  /// of different lengths, UsageError for a gallery without images.
  RankingMeasures(std::vector<bool> taken, std::vector<std::int64_t> labels);

  /// The distances of all places to a query of that class. `exact`: those of the plain search, if they are to be
  /// compared, which `bound` says how far the others may be from. Throws MismatchError for another number of places, or
  /// a distance that is no number.
  void add(std::span<const float> distances, std::int64_t label, std::span<const float> exact = {}, double bound = 0);

  /// Of all that were added. Throws UsageError for none.
  GalleryMeasures measures() const;

 private:
  struct Column {
    std::vector<double> values, null;  // a query
  };
  enum : std::size_t { kMap, kMapTied, kFive, kFiveTied, kHundred, kHundredTied, kColumns };
  void add_scores(std::span<const float> sorted, std::span<const std::uint8_t> relevant, bool null);
  void compare(std::span<const float> distances, std::span<const float> exact, double bound);
  std::vector<float> of_images(std::span<const float> distances) const;

  std::size_t all_places_;
  std::vector<std::size_t> places_;              // of images
  std::vector<std::int64_t> labels_, shuffled_;  // an image
  std::array<Column, kColumns> columns_;
  std::size_t queries_ = 0, without_relevant_ = 0;
  std::size_t compared_ = 0, agreed_ = 0, as_near_ = 0;
  double as_near_by_chance_ = 0;  // a sum over queries
};

}  // namespace obscura::study
