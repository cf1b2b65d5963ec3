// How good rankings are: by known answers, and alike wherever distances come from.
#include "study/search/gallery_measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/error.h"

namespace obscura::study {
namespace {

std::vector<bool> all_taken(std::size_t places) {
  return std::vector<bool>(places, true);
}

TEST(RankingMeasures, OfAKnownRanking) {
  // Relevant are the first, third and fifth: AP (1 + 2/3 + 3/5) / 3.
  RankingMeasures measured(all_taken(6), {0, 1, 0, 1, 0, 1});
  measured.add(std::vector<float>{1, 2, 3, 4, 5, 6}, 0);
  const auto m = measured.measures();
  EXPECT_DOUBLE_EQ(m.map.mean, (1.0 + 2.0 / 3 + 3.0 / 5) / 3);
  EXPECT_DOUBLE_EQ(m.map_tied.mean, m.map.mean);
  EXPECT_DOUBLE_EQ(m.precision_at_5.mean, 0.6);
  EXPECT_DOUBLE_EQ(m.precision_at_100.mean, 0.5) << "of all where there are fewer";
  EXPECT_EQ(m.queries, 1U);
  EXPECT_EQ(m.map.interval.low, 0) << "one query tells nothing of others";
  EXPECT_EQ(m.map.interval.high, 1);
  EXPECT_FALSE(m.top5_agreement.has_value());
}

TEST(RankingMeasures, TiesGoToTheFirstPlaceOrAreShared) {
  RankingMeasures measured(all_taken(2), {0, 1});
  measured.add(std::vector<float>{3, 3}, 0);
  measured.add(std::vector<float>{3, 3}, 1);
  const auto m = measured.measures();
  EXPECT_DOUBLE_EQ(m.map.mean, (1.0 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(m.map_tied.mean, 0.75);
}

TEST(RankingMeasures, PlacesWhereNothingIsAreInNoRanking) {
  RankingMeasures measured({true, false, true}, {0, -1, 1});
  measured.add(std::vector<float>{2, 0, 3}, 0);
  EXPECT_EQ(measured.measures().map.mean, 1);
  EXPECT_EQ(measured.measures().precision_at_5.mean, 0.5);
}

TEST(RankingMeasures, ClassesThatTheGalleryDoesNotHaveCountAsNothing) {
  RankingMeasures measured(all_taken(3), {0, 0, 0});
  measured.add(std::vector<float>{1, 2, 3}, 0);
  measured.add(std::vector<float>{1, 2, 3}, 1);
  EXPECT_EQ(measured.measures().map.mean, 0.5);
  EXPECT_EQ(measured.measures().without_relevant, 1U);
}

TEST(RankingMeasures, TheNullIsWhatChanceGives) {
  // A perfect gallery of two equal classes: 1, and about 1/2 for shuffled labels.
  std::vector<std::int64_t> labels(400);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i % 2 == 0 ? 0 : 1;
  RankingMeasures measured(all_taken(400), labels);
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0, 0.4F);
  for (int query = 0; query < 60; ++query) {
    std::vector<float> distances(400);
    for (std::size_t i = 0; i < 400; ++i) {
      distances[i] = uniform(random) + (labels[i] == query % 2 ? 0.0F : 0.5F);
    }
    measured.add(distances, query % 2);
  }
  const auto m = measured.measures();
  EXPECT_EQ(m.map.mean, 1);
  EXPECT_EQ(m.precision_at_100.mean, 1);
  EXPECT_NEAR(m.map.null, 0.5, 0.06);
  EXPECT_NEAR(m.precision_at_100.null, 0.5, 0.08);
}

TEST(RankingMeasures, IntervalsHoldTheMeanNineteenTimesOfTwenty) {
  // Queries of which a third is found first, in a gallery of two.
  std::mt19937 random(6);
  int held = 0;
  for (int trial = 0; trial < 300; ++trial) {
    RankingMeasures measured(all_taken(2), {0, 1});
    for (int query = 0; query < 100; ++query) {
      measured.add(random() % 3 == 0 ? std::vector<float>{1, 2} : std::vector<float>{2, 1}, 0);
    }
    const auto interval = measured.measures().map.interval;
    const double mean = 1.0 / 3 + 2.0 / 3 / 2;
    held += interval.low <= mean && mean <= interval.high ? 1 : 0;
  }
  EXPECT_GT(held, 300 * 0.91);
  EXPECT_LT(held, 300 * 0.985);
}

TEST(RankingMeasures, TheFiveNearestAreComparedAsASet) {
  RankingMeasures measured(all_taken(7), std::vector<std::int64_t>(7, 0));
  const std::vector<float> exact = {1, 2, 3, 4, 5, 6, 7};
  measured.add(std::vector<float>{5, 4, 3, 2, 1, 6, 7}, 0, exact);
  EXPECT_EQ(measured.measures().top5_agreement->mean, 1);
  measured.add(std::vector<float>{1, 2, 3, 4, 6, 5, 7}, 0, exact);
  EXPECT_EQ(measured.measures().top5_agreement->mean, 0.5);
  EXPECT_EQ(measured.measures().top5_as_near->mean, 0.5) << "6 is farther than 5";
  measured.add(std::vector<float>{1, 2, 3, 4, 6, 5, 7}, 0, exact, 0.5);
  EXPECT_NEAR(measured.measures().top5_as_near->mean, 2.0 / 3, 1e-12) << "but not by more than two bounds";
  EXPECT_NEAR(measured.measures().top5_agreement->null, 1.0 / 21, 1e-12);
}

TEST(RankingMeasures, WhatCannotBeMeasuredIsRefused) {
  EXPECT_THROW(RankingMeasures({false, false}, {-1, -1}), UsageError);
  EXPECT_THROW(RankingMeasures({}, {}), UsageError);
  EXPECT_THROW(RankingMeasures({true}, {0, 1}), MismatchError);
  RankingMeasures measured(all_taken(2), {0, 1});
  EXPECT_THROW(measured.measures(), UsageError);
  EXPECT_THROW(measured.add(std::vector<float>{1}, 0), MismatchError);
  EXPECT_THROW(measured.add(std::vector<float>{1, 2, 3}, 0), MismatchError);
  EXPECT_THROW(measured.add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, 0), MismatchError);
}

}  // namespace
}  // namespace obscura::study
