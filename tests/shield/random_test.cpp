#include "shield/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "shield/support.h"

namespace obscura::shield {
namespace {

TEST(Draws, NumbersBelowAreUniform) {
  for (const std::uint32_t n : {1U, 2U, 6U, 48U, 96U, 1000U}) {
    Draws draws(test_seed(1));
    std::vector<double> counts(n);
    const double expected = 200;
    for (std::size_t i = 0; i < static_cast<std::size_t>(expected) * n; ++i) counts.at(draws.below(n)) += 1;
    double chi = 0;
    for (const double c : counts) chi += (c - expected) * (c - expected) / expected;
    EXPECT_LT(chi, n + 5 * std::sqrt(2.0 * n)) << n;
  }
}

TEST(Draws, PermutationsAreUniform) {
  Draws draws(test_seed(2));
  std::map<std::vector<std::uint32_t>, int> counts;
  for (int i = 0; i < 24000; ++i) ++counts[draws.permutation(4)];
  ASSERT_EQ(counts.size(), 24);
  for (const auto& [permutation, count] : counts) EXPECT_NEAR(count, 1000, 160);
}

TEST(Draws, PermutationsHoldEverything) {
  Draws draws(test_seed(3));
  for (const std::size_t n : {0, 1, 2, 97}) {
    auto p = draws.permutation(n);
    const auto back = inverse(p);
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(back[p[i]], i);
    std::sort(p.begin(), p.end());
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(p[i], i);
  }
}

TEST(Draws, SignedUnitsFillTheirRange) {
  Draws draws(test_seed(4));
  double sum = 0, squares = 0;
  for (int i = 0; i < 10000; ++i) {
    const double v = draws.signed_unit();
    ASSERT_TRUE(v >= -1 && v < 1);
    sum += v;
    squares += v * v;
  }
  EXPECT_NEAR(sum / 10000, 0, 0.03);
  EXPECT_NEAR(squares / 10000, 1.0 / 3, 0.02);
}

TEST(Draws, ShortSignedUnitsAreExactInSinglePrecision) {
  Draws draws(test_seed(4));
  double squares = 0;
  for (int i = 0; i < 10000; ++i) {
    const double v = draws.signed_unit_24();
    ASSERT_TRUE(v >= -1 && v < 1);
    ASSERT_EQ(static_cast<double>(static_cast<float>(v)), v);
    squares += v * v;
  }
  EXPECT_NEAR(squares / 10000, 1.0 / 3, 0.02);
}

TEST(Draws, NormalsHaveTheirMoments) {
  Draws draws(test_seed(4));
  double sums[5] = {};
  constexpr int kCount = 40000;
  for (int i = 0; i < kCount; ++i) {
    const double v = draws.normal();
    for (int power = 1; power <= 4; ++power) sums[power] += std::pow(v, power) / kCount;
  }
  EXPECT_NEAR(sums[1], 0, 0.03);
  EXPECT_NEAR(sums[2], 1, 0.03);
  EXPECT_NEAR(sums[3], 0, 0.1);
  EXPECT_NEAR(sums[4], 3, 0.2);
}

TEST(Seeds, PurposesAndNumbersSeparate) {
  const Seed seed = test_seed(5);
  const std::uint64_t one[] = {1}, two[] = {1, 2};
  const std::vector<Seed> all = {seed,
                                 derive(seed, "a"),
                                 derive(seed, "b"),
                                 derive(seed, "a", one),
                                 derive(seed, "a", two),
                                 image_seed(seed, Nonce{}),
                                 image_seed(seed, Nonce{1}),
                                 image_seed(test_seed(6), Nonce{})};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " " << j;
  }
  EXPECT_NE(fingerprint(seed), fingerprint(test_seed(6)));
  EXPECT_NE(random_nonce(), random_nonce());
}

TEST(Hexadecimal, ThereAndBack) {
  const Seed seed = test_seed(7);
  Seed back;
  EXPECT_TRUE(from_hex(to_hex(seed), back));
  EXPECT_EQ(back, seed);
  EXPECT_FALSE(from_hex(to_hex(seed) + "0", back));
  EXPECT_FALSE(from_hex(std::string(64, 'g'), back));
  EXPECT_FALSE(from_hex("", back));
}

}  // namespace
}  // namespace obscura::shield
