#include "search/forest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "search/binned.h"

namespace obscura::search {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr std::size_t kRows = 1500, kColumns = 60, kClasses = 5;

const std::vector<std::vector<double>> kScikit = {
#include "forest_reference.inc"
};

/// As forest_reference.py.
double uniform(std::uint32_t stream, std::uint32_t at) {
  std::uint32_t x = at * 2654435761U + stream * 40503U + 1;
  x = (x ^ (x >> 16)) * 0x7FEB352DU;
  x = (x ^ (x >> 15)) * 0x846CA68BU;
  return (x ^ (x >> 16)) / 4294967296.0;
}

struct Lesson {
  std::vector<float> values;
  std::vector<std::int64_t> labels;
  FeatureTable table() const { return {values, values.size() / labels.size()}; }
};

Lesson reference_lesson() {
  Lesson lesson{std::vector<float>(kRows * kColumns), std::vector<std::int64_t>(kRows)};
  for (std::uint32_t r = 0; r < kRows; ++r) {
    lesson.labels[r] = r % kClasses;
    for (std::uint32_t c = 0; c < kColumns; ++c) {
      const double value = uniform(c, r) + 1.5 / (1 + c / 6.0) * uniform(1000 + c, r % kClasses);
      // Half to even, as NumPy rounds.
      lesson.values[r * kColumns + c] = static_cast<float>(c % 3 == 0 ? std::nearbyint(value * 8) / 8 : value);
    }
  }
  return lesson;
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) out[order[i]] = static_cast<double>(i);
  return out;
}

/// Spearman's, of values of which no two are equal.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto x = ranks(a), y = ranks(b);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
  const auto n = static_cast<double>(x.size());
  return 1 - 6 * squares / (n * (n * n - 1));
}

TEST(Forest, RanksFeaturesAsScikitLearn) {
  const Lesson lesson = reference_lesson();
  ThreadPool pool(2);
  for (const Impurity impurity : {Impurity::gini, Impurity::entropy}) {
    const auto& reference = kScikit[impurity == Impurity::gini ? 0 : 1];
    ASSERT_EQ(reference.size(), kColumns);
    std::vector<double> mean(kColumns, 0);
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      ForestOptions options;
      options.impurity = impurity, options.seed = seed;
      const auto one = forest_importances(lesson.table(), lesson.labels, kClasses, options, pool);
      EXPECT_NEAR(std::accumulate(one.begin(), one.end(), 0.0), 1, 1e-9);
      EXPECT_GT(rank_correlation(one, reference), 0.9);
      for (std::size_t c = 0; c < kColumns; ++c) mean[c] += one[c] / 10;
    }
    EXPECT_GT(rank_correlation(mean, reference), 0.97);
    // Not ranks alone: a forest of 300 trees scatters by a few percent around 1 / 60.
    for (std::size_t c = 0; c < kColumns; ++c) EXPECT_NEAR(mean[c], reference[c], 0.003 + 0.15 * reference[c]) << c;
  }
}

TEST(Forest, ShuffledLabelsRankOtherwise) {
  Lesson lesson = reference_lesson();
  for (std::uint32_t r = 0; r < kRows; ++r) lesson.labels[r] = static_cast<std::int64_t>(uniform(7777, r) * kClasses);
  ThreadPool pool(2);
  const auto importances = forest_importances(lesson.table(), lesson.labels, kClasses, {}, pool);
  EXPECT_LT(rank_correlation(importances, kScikit[0]), 0.6);
}

TEST(Forest, IsTheSameForAnyNumberOfThreads) {
  const Lesson lesson = reference_lesson();
  ForestOptions options;
  options.trees = 7;
  ThreadPool one(1), three(3);
  EXPECT_EQ(forest_importances(lesson.table(), lesson.labels, kClasses, options, one),
            forest_importances(lesson.table(), lesson.labels, kClasses, options, three));
  options.seed = 2;
  EXPECT_NE(forest_importances(lesson.table(), lesson.labels, kClasses, options, one),
            forest_importances(lesson.table(), lesson.labels, kClasses, {.trees = 7}, one));
}

TEST(Forest, OneFeatureThatTellsAllHasAllImportance) {
  Lesson lesson{std::vector<float>(200 * 3, 1.0F), std::vector<std::int64_t>(200)};
  for (std::size_t r = 0; r < 200; ++r) {
    lesson.labels[r] = r % 2 == 0 ? 0 : 1;
    lesson.values[3 * r + 1] = r % 2 == 0 ? -5.0F : 5.0F;
  }
  ThreadPool pool(1);
  EXPECT_THAT(forest_importances(lesson.table(), lesson.labels, 2, {}, pool), ElementsAre(0, 1, 0));
  // Constant features split nothing.
  for (std::size_t r = 0; r < 200; ++r) lesson.values[3 * r + 1] = 1;
  EXPECT_THAT(forest_importances(lesson.table(), lesson.labels, 2, {}, pool), Each(0));
}

TEST(Forest, LeavesAndNodesKeepTheirLeastSize) {
  const Lesson lesson = reference_lesson();
  ThreadPool pool(2);
  const auto none = [&](const ForestOptions& options) {
    EXPECT_THAT(forest_importances(lesson.table(), lesson.labels, kClasses, options, pool), Each(0));
  };
  none({.split_samples = kRows + 1});
  none({.leaf_samples = kRows});
}

TEST(Forest, BadInputIsRefused) {
  Lesson lesson = reference_lesson();
  ThreadPool pool(1);
  const auto run = [&](const ForestOptions& options = {}) {
    return forest_importances(lesson.table(), lesson.labels, kClasses, options, pool);
  };
  EXPECT_THROW(run({.trees = 0}), ParameterError);
  EXPECT_THROW(run({.depth = 0}), ParameterError);
  EXPECT_THROW(forest_importances({lesson.values, 59}, lesson.labels, kClasses, {}, pool), MismatchError);
  lesson.labels[3] = 5;
  EXPECT_THROW(run(), MismatchError);
  lesson.labels[3] = -1;
  EXPECT_THROW(run(), MismatchError);
  lesson.labels[3] = 1;
  lesson.values[8] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(run(), MismatchError);
}

TEST(MostImportant, TakesTheFirstOfEqualOnesInOrder) {
  const std::vector<double> importances = {0.1, 0.3, 0.1, 0.4, 0.1};
  EXPECT_THAT(most_important(importances, 3), ElementsAre(0, 1, 3));
  EXPECT_THAT(most_important(importances, 5), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_TRUE(most_important(importances, 0).empty());
  EXPECT_THROW(most_important(importances, 6), ParameterError);
}

TEST(Quantiles, PartAllValuesWhereTheyAreFewAndEvenlyWhereTheyAreMany) {
  EXPECT_TRUE(quantile_thresholds({}).empty());
  EXPECT_TRUE(quantile_thresholds({2, 2, 2}).empty());
  EXPECT_THAT(quantile_thresholds({3, 1, 3, 2}), ElementsAre(1.5F, 2.5F));
  std::vector<float> many(10000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i / 2);
  const auto thresholds = quantile_thresholds(many);
  ASSERT_EQ(thresholds.size(), kBins - 1);
  EXPECT_TRUE(std::ranges::is_sorted(thresholds));
  for (std::size_t q = 1; q < kBins; ++q) EXPECT_NEAR(thresholds[q - 1], 5000.0 * q / kBins, 1.5);
  // Nine of ten are equal: the rest are still told apart.
  for (std::size_t i = 0; i < 9000; ++i) many[i] = 0;
  EXPECT_GT(quantile_thresholds(many).size(), 20U);
}

}  // namespace
}  // namespace obscura::search
