#include "search/distances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace obscura::search {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

std::vector<float> drawn(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& v : values) v = normal(random);
  return values;
}

TEST(Codes, HaveABitAFeatureAboveItsThreshold) {
  const std::vector<float> values = {1, -1, 0.5F, 0, 2, 0.5F};
  const CodeTable codes = binary_codes({values, 3}, std::vector<float>{0, 0, 0.5F});
  EXPECT_EQ(codes.rows(), 2U);
  EXPECT_THAT(codes.words, ElementsAre(0b001, 0b010));
  EXPECT_THROW(binary_codes({values, 3}, std::vector<float>{0, 0}), MismatchError);
}

TEST(Codes, HammingIsTheNumberOfDifferentBitsForEveryLength) {
  for (const std::size_t bits : {1U, 7U, 63U, 64U, 65U, 128U, 600U}) {
    const auto values = drawn(20 * bits, bits), query = drawn(bits, 99 + bits);
    const std::vector<float> thresholds(bits, 0.2F);
    const CodeTable gallery = binary_codes({values, bits}, thresholds), code = binary_codes({query, bits}, thresholds);
    const auto distances = hamming_distances(gallery, code.row(0));
    ASSERT_EQ(distances.size(), 20U);
    for (std::size_t r = 0; r < 20; ++r) {
      float different = 0;
      for (std::size_t c = 0; c < bits; ++c) different += (values[r * bits + c] > 0.2F) != (query[c] > 0.2F) ? 1 : 0;
      EXPECT_EQ(distances[r], different);
    }
  }
}

TEST(Distances, OfKnownVectors) {
  const std::vector<float> gallery = {1, 0, 0, 2, -1, 0, 0, 0};
  const std::vector<float> query = {3, 0};
  EXPECT_THAT(cosine_distances({gallery, 2}, query),
              ElementsAre(FloatNear(0, 1e-6F), FloatNear(1, 1e-6F), FloatNear(2, 1e-6F), 1));
  EXPECT_THAT(unequal_shares({gallery, 2}, std::vector<float>{1, 2}), ElementsAre(0.5, 0.5, 1, 1));
  EXPECT_THROW(cosine_distances({gallery, 2}, std::vector<float>{1}), MismatchError);
  EXPECT_THROW(unequal_shares({gallery, 2}, std::vector<float>{1, 2, 3}), MismatchError);
}

TEST(Distances, TiesGoToTheFirst) {
  const std::vector<float> distances = {2, 1, 2, 1, 0, 2};
  EXPECT_THAT(ranked(distances), ElementsAre(4, 1, 3, 0, 2, 5));
  EXPECT_THAT(nearest(distances, 4), ElementsAre(4, 1, 3, 0));
  EXPECT_THAT(nearest(distances, 6), ElementsAre(4, 1, 3, 0, 2, 5));
  EXPECT_TRUE(nearest(distances, 0).empty());
  EXPECT_THROW(nearest(distances, 7), UsageError);
}

TEST(Distances, MediansHalveTheRows) {
  const auto values = drawn(101 * 3, 5);
  const auto middle = medians({values, 3});
  for (std::size_t c = 0; c < 3; ++c) {
    int above = 0;
    for (std::size_t r = 0; r < 101; ++r) above += values[r * 3 + c] > middle[c] ? 1 : 0;
    EXPECT_EQ(above, 50);
  }
}

TEST(Distances, Words) {
  for (const Distance d : {Distance::hamming, Distance::unequal, Distance::cosine}) {
    EXPECT_EQ(parse_distance(to_string(d)), d);
  }
  EXPECT_THROW(parse_distance("euclidean"), UsageError);
}

}  // namespace
}  // namespace obscura::search
