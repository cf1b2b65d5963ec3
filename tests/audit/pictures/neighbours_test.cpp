#include "audit/pictures/neighbours.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "audit/pictures/drawn.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using image::Image;

TEST(Neighbours, AgreeWithTheFormulaInPlainLoops) {
  const Image picture = noise(3, 13, 17, 4);
  for (const Neighbour neighbour : kNeighbours) {
    const std::size_t dx = neighbour == Neighbour::vertical ? 0 : 1, dy = neighbour == Neighbour::horizontal ? 0 : 1;
    std::vector<double> a, b;
    for (std::size_t y = 0; y + dy < 13; ++y) {
      for (std::size_t x = 0; x + dx < 17; ++x) {
        a.push_back(picture.at(y, x, 1));
        b.push_back(picture.at(y + dy, x + dx, 1));
      }
    }
    const auto n = static_cast<double>(a.size());
    const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n, mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ab += (a[i] - ma) * (b[i] - mb), aa += (a[i] - ma) * (a[i] - ma), bb += (b[i] - mb) * (b[i] - mb);
    }
    const auto found = neighbour_correlation(picture, 1, neighbour);
    EXPECT_EQ(found.pairs, a.size());
    EXPECT_NEAR(found.r.value(), ab / std::sqrt(aa * bb), 1e-12) << to_string(neighbour);
  }
}

TEST(Neighbours, SlopesAreAsSmoothAsCanBe) {
  for (const Neighbour neighbour : kNeighbours) {
    const auto found = neighbour_correlation(slope(40, 60), 0, neighbour);
    EXPECT_NEAR(found.r.value(), 1, 1e-12);
    EXPECT_TRUE(found.beyond_chance());
  }
}

TEST(Neighbours, StripesAreOpposites) {
  Image stripes(1, 20, 20);
  for (std::size_t y = 0; y < 20; ++y) {
    for (std::size_t x = 0; x < 20; ++x) stripes.at(y, x) = x % 2 == 0 ? 10 : 240;
  }
  EXPECT_NEAR(neighbour_correlation(stripes, 0, Neighbour::horizontal).r.value(), -1, 1e-12);
  EXPECT_NEAR(neighbour_correlation(stripes, 0, Neighbour::vertical).r.value(), 1, 1e-12);
  EXPECT_NEAR(neighbour_correlation(stripes, 0, Neighbour::diagonal).r.value(), -1, 1e-12);
}

TEST(Neighbours, WhatIsConstantOrAloneHasNone) {
  EXPECT_FALSE(neighbour_correlation(Image(1, 9, 9, 250), 0, Neighbour::horizontal).r);
  const auto alone = neighbour_correlation(Image(1, 1, 9, 3), 0, Neighbour::vertical);
  EXPECT_EQ(alone.pairs, 0U);
  EXPECT_FALSE(alone.r);
  EXPECT_FALSE(alone.beyond_chance());
  EXPECT_THROW(neighbour_correlation(Image(1, 9, 9), 1, Neighbour::vertical), ParameterError);
}

TEST(Neighbours, NoiseIsBeyondChanceOnceInAHundred) {
  std::size_t beyond = 0;
  constexpr unsigned kPictures = 1000;
  for (unsigned i = 0; i < kPictures; ++i) {
    beyond += neighbour_correlation(noise(1, 32, 32, i), 0, Neighbour::diagonal).beyond_chance();
  }
  // Binomial (1000, 0.01): mean 10, deviation 3.1.
  EXPECT_LT(beyond, 26U);
  EXPECT_GT(beyond, 0U);
}

TEST(Neighbours, CountsOfPairs) {
  const auto counts = neighbour_counts(slope(4, 4), 0, Neighbour::horizontal);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0U), 12U);
  // 2 x + y: the pair (2, 4) stands at (0, 1) and (2, 0).
  EXPECT_EQ(counts[2 * 256 + 4], 2U);
  EXPECT_EQ(counts[2 * 256 + 3], 0U);
}

}  // namespace
}  // namespace obscura::audit
