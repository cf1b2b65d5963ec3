#include "audit/randomness/verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace obscura::randomness {
namespace {

const std::vector<Variant> kOne{{randomness::Test::frequency, ""}};

std::vector<double> uniform(std::size_t count, std::mt19937_64& random) {
  std::vector<double> p(count);
  for (double& one : p) one = static_cast<double>(random() >> 11) * 0x1p-53;
  return p;
}

std::vector<double> spread_out(std::size_t count) {
  std::vector<double> p(count);
  for (std::size_t i = 0; i < count; ++i) p[i] = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
  return p;
}

Verdict judge_one(const std::vector<double>& p) {
  const std::vector<std::vector<double>> all{p};
  return judge(kOne, all);
}

TEST(Verdict, ProportionIsThatOfTheStandard) {
  // 4.2.1: of 1,000 sequences at least 0.980561 (it writes 0.99 +- 0.0094392), of 100 at least 0.960150.
  const auto thousand = judge_one(spread_out(1000)).variants[0];
  EXPECT_NEAR(thousand.low, 0.99 - 0.0094392, 1e-6);
  EXPECT_NEAR(thousand.high, 0.99 + 0.0094392, 1e-6);
  EXPECT_NEAR(judge_one(spread_out(100)).variants[0].low, 0.96015, 1e-5);
  EXPECT_EQ(thousand.passed, 990U);
  EXPECT_EQ(thousand.standing, Standing::passes);
}

TEST(Verdict, TooManyFailuresFail) {
  auto p = spread_out(1000);
  std::size_t moved = 0;
  for (double& one : p) {
    if (one > 0.01 && moved < 9) one = 0.005, ++moved;
  }
  EXPECT_EQ(judge_one(p).variants[0].standing, Standing::passes);  // 19 failures
  for (double& one : p) {
    if (one > 0.01 && moved < 10) one = 0.005, ++moved;
  }
  const auto verdict = judge_one(p);
  EXPECT_EQ(verdict.variants[0].standing, Standing::fails);  // 20
  EXPECT_TRUE(verdict.looks_random());                       // which happens to one perfect generator in three hundred
  EXPECT_NEAR(verdict.variants[0].failures_p, 0.0033, 0.0003);
  EXPECT_NEAR(verdict.failing_by_chance, 0.0034, 0.0004);
}

TEST(Verdict, PValuesThatCrowdFail) {
  std::vector<double> p(1000, 0.5);
  const auto verdict = judge_one(p);
  EXPECT_EQ(verdict.variants[0].proportion(), 1);
  EXPECT_EQ(verdict.variants[0].standing, Standing::fails);
  EXPECT_LT(verdict.variants[0].uniformity.value(), 1e-100);
  EXPECT_FALSE(verdict.looks_random());
}

TEST(Verdict, FewSequencesAreSaidToBeFew) {
  EXPECT_EQ(judge_one(spread_out(54)).variants[0].standing, Standing::too_few);
  EXPECT_FALSE(judge_one(spread_out(54)).variants[0].uniformity);
  EXPECT_EQ(judge_one(spread_out(55)).variants[0].standing, Standing::passes);
  EXPECT_EQ(judge_one({0.3}).variants[0].standing, Standing::too_few);
  EXPECT_EQ(judge_one({0}).variants[0].standing, Standing::fails);
  EXPECT_TRUE(judge_one({0.002}).looks_random());
  EXPECT_FALSE(judge_one({1e-5}).looks_random());
}

TEST(Verdict, WhatAppliedNowhereIsNoFailure) {
  const auto verdict = judge_one({});
  EXPECT_EQ(verdict.variants[0].standing, Standing::not_applicable);
  EXPECT_EQ(verdict.hypotheses, 0U);
  EXPECT_EQ(verdict.failing, 0U);
  EXPECT_TRUE(verdict.looks_random());
}

TEST(Verdict, UniformityOfEvenBinsIsOne) {
  EXPECT_NEAR(uniformity(spread_out(100)), 1, 1e-12);
  const std::vector<double> ends(100, 1.0);  // p = 1 is in the last bin
  EXPECT_NEAR(uniformity(ends), 0, 1e-100);
}

TEST(Verdict, BadInputIsRefused) {
  const std::vector<std::vector<double>> none;
  EXPECT_THROW(judge(kOne, none), ParameterError);
  const std::vector<std::vector<double>> one(1);
  EXPECT_THROW(judge(kOne, one, 0), ParameterError);
  EXPECT_THROW(judge(kOne, one, 1), ParameterError);
}

/// Of 400 perfect generators with 188 variants, a third or more fail a variant of the standard's, and none to few the
/// overall answer: at a rate of 1 in 1000, more than 4 have a chance below 1e-4.
TEST(Verdict, FalseAlarmsAreAsRareAsStated) {
  const auto variants = variants_of(all_tests());
  std::mt19937_64 random(11);
  for (const std::size_t sequences : {1U, 20U, 100U}) {
    std::size_t alarms = 0, by_standard = 0;
    double expected = 0;
    for (int round = 0; round < 400; ++round) {
      std::vector<std::vector<double>> p;
      for (std::size_t v = 0; v < variants.size(); ++v) p.push_back(uniform(sequences, random));
      const auto verdict = judge(variants, p);
      alarms += verdict.looks_random() ? 0 : 1;
      by_standard += verdict.failing;
      expected += verdict.failing_by_chance;
    }
    EXPECT_LE(alarms, 4U) << sequences;
    EXPECT_NEAR(static_cast<double>(by_standard), expected, 6 * std::sqrt(expected) + 1) << sequences;
  }
}

TEST(Verdict, NamesTheGuilty) {
  const std::vector<Variant> variants{
      {randomness::Test::frequency, ""}, {randomness::Test::serial, "1"}, {randomness::Test::serial, "2"}};
  std::mt19937_64 random(3);
  std::vector<std::vector<double>> p{uniform(200, random), uniform(200, random), uniform(200, random)};
  for (std::size_t i = 0; i < 40; ++i) p[1][i] = 0;
  const auto verdict = judge(variants, p);
  EXPECT_EQ(verdict.guilty, std::vector<std::size_t>{1});
  EXPECT_EQ(verdict.hypotheses, 6U);
}

}  // namespace
}  // namespace obscura::randomness
