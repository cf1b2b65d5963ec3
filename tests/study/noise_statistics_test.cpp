#include "study/audit/noise_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"

namespace obscura::study {
namespace {

/// Errors of `deviation`, drawn; those of a value are the same share `common` in every image.
ErrorSums drawn(std::size_t values, std::size_t images, double deviation, double common, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> shared(values);
  for (double& v : shared) v = normal(random);
  ErrorSums sums(values);
  for (std::size_t k = 0; k < images; ++k) {
    std::vector<double> error(values);
    for (std::size_t i = 0; i < values; ++i) {
      error[i] = deviation * (std::sqrt(common) * shared[i] + std::sqrt(1 - common) * normal(random));
    }
    sums.add_image(error, std::vector<double>(values, 2));
  }
  return sums;
}

/// Tables of chi-squared.
TEST(NoiseStatistics, QuantilesOfChiSquared) {
  EXPECT_NEAR(chi2_quantile(1, 0.05), 3.841459, 1e-6);
  EXPECT_NEAR(chi2_quantile(10, 0.995), 2.155856, 1e-6);
  EXPECT_NEAR(chi2_quantile(10, 0.005), 25.18818, 1e-5);
  EXPECT_NEAR(chi2_quantile(100, 0.005), 140.1695, 1e-4);
  EXPECT_NEAR(chi2_quantile(2, 0.5), 2 * std::log(2.0), 1e-8);
}

TEST(NoiseStatistics, SumsOfKnownErrors) {
  ErrorSums sums(2);
  sums.add_image({3, -4}, {1, 1});
  sums.add_image({0, 0}, {3, 3});
  EXPECT_NEAR(sums.deviation(), 2.5, 1e-12);
  EXPECT_NEAR(sums.mean(), -0.25, 1e-12);
  EXPECT_EQ(sums.largest(), 4);
  EXPECT_NEAR(sums.value_deviation(), std::sqrt(5.0), 1e-12);
  EXPECT_EQ(sums.images(), 2U);
  EXPECT_THROW(sums.add_image({1}, {1, 1}), MismatchError);
  EXPECT_THROW(sums.add_image({1, 1}, {1}), MismatchError);
}

/// 99 % intervals: of 300 some three miss, with independent errors as with those that images share.
TEST(NoiseStatistics, IntervalsHoldTheTruth) {
  for (const double common : {0.0, 0.9}) {
    std::size_t missed = 0, far = 0;
    for (unsigned seed = 0; seed < 300; ++seed) {
      const DeviationInterval interval = drawn(64, 16, 0.25, common, seed).interval();
      missed += interval.low > 0.25 || interval.high < 0.25;
      far += interval.high / interval.low > 2.5;
    }
    EXPECT_LE(missed, 15U) << common;
    EXPECT_LE(far, 3U) << common;
  }
}

/// With errors that all images share, more images tell nothing more.
TEST(NoiseStatistics, SharedErrorsHaveFewDegreesOfFreedom) {
  EXPECT_GT(drawn(40, 100, 1, 0, 7).interval().degrees, 1000);
  EXPECT_LT(drawn(40, 100, 1, 1, 7).interval().degrees, 80);
}

TEST(NoiseStatistics, JudgesByTheInterval) {
  const DeviationInterval interval{0.9, 1.1, 100};
  EXPECT_EQ(judge(interval, 1.2), Standing::holds);
  EXPECT_EQ(judge(interval, 1.0), Standing::open);
  EXPECT_EQ(judge(interval, 0.8), Standing::exceeded);
  EXPECT_EQ(to_string(Standing::holds), "holds");
  EXPECT_EQ(to_string(Standing::open), "open");
  EXPECT_EQ(to_string(Standing::exceeded), "exceeded");
}

TEST(NoiseStatistics, OneNumberProvesNothingAndNoErrorIsNone) {
  ErrorSums one(1);
  one.add_image({5}, {1});
  EXPECT_EQ(judge(one.interval(), 1e-9), Standing::open);
  EXPECT_EQ(judge(one.interval(), 1e9), Standing::open);
  ErrorSums exact(4);
  exact.add_image({0, 0, 0, 0}, {1, 2, 3, 4});
  exact.add_image({0, 0, 0, 0}, {1, 2, 3, 4});
  EXPECT_EQ(judge(exact.interval(), 0), Standing::holds);
}

TEST(NoiseStatistics, WhatIsNoNumberHoldsNoPrediction) {
  ErrorSums sums(2);
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  sums.add_image({nothing, 1}, {1, 1});
  sums.add_image({0.1, 0.1}, {1, 1});
  EXPECT_TRUE(std::isnan(sums.largest()));
  EXPECT_EQ(judge(sums.interval(), 100), Standing::exceeded);
}

}  // namespace
}  // namespace obscura::study
