#include "audit/pictures/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "audit/pictures/drawn.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using image::Image;

ByteCounts equal_counts(std::size_t each) {
  ByteCounts counts;
  counts.of.fill(each);
  counts.total = 256 * each;
  return counts;
}

TEST(Histogram, CountsOneChannel) {
  Image picture(3, 2, 2, 7);
  picture.at(1, 0, 1) = 200;
  EXPECT_EQ(count_bytes(picture, 0).of[7], 4U);
  EXPECT_EQ(count_bytes(picture, 1).of[7], 3U);
  EXPECT_EQ(count_bytes(picture, 1).of[200], 1U);
  EXPECT_EQ(count_bytes(picture, 1).total, 4U);
  EXPECT_THROW(count_bytes(picture, 3), ParameterError);
  EXPECT_THROW(count_bytes(Image(), 0), ParameterError);
}

TEST(Histogram, EntropyOfKnownShares) {
  EXPECT_EQ(entropy(ByteCounts()), 0);
  EXPECT_EQ(entropy(count_bytes(Image(1, 5, 5, 9), 0)), 0);
  EXPECT_NEAR(entropy(equal_counts(3)), 8, 1e-12);
  ByteCounts counts;
  counts.of[3] = 2, counts.of[4] = 1, counts.of[90] = 1, counts.total = 4;
  EXPECT_NEAR(entropy(counts), 1.5, 1e-12);
}

TEST(Histogram, FewSamplesCannotReachEightBits) {
  EXPECT_EQ(largest_entropy(0), 0);
  EXPECT_NEAR(largest_entropy(100), std::log2(100), 1e-12);
  EXPECT_EQ(largest_entropy(784), 8);
}

/// Two samples are equal with chance 1/256: then the entropy is 0, else 1. Large pictures: Miller and Madow's
/// correction, 255 / (2 n ln 2), is what is missing of eight bits.
TEST(Histogram, UniformEntropyOfTwoAndOfMany) {
  EXPECT_EQ(uniform_entropy(0), 0);
  EXPECT_NEAR(uniform_entropy(1), 0, 1e-12);
  EXPECT_NEAR(uniform_entropy(2), 255.0 / 256, 1e-12);
  for (const std::size_t n : {std::size_t{65536}, std::size_t{1} << 20}) {
    const double missing = 255 / (2 * static_cast<double>(n) * std::log(2.0));
    EXPECT_NEAR(8 - uniform_entropy(n), missing, 0.02 * missing) << n;
  }
}

TEST(Histogram, UniformEntropyIsWhatNoiseHasOnAverage) {
  for (const std::size_t side : {8U, 28U, 32U}) {
    double sum = 0, squares = 0;
    constexpr unsigned kPictures = 400;
    for (unsigned i = 0; i < kPictures; ++i) {
      const double bits = entropy(count_bytes(noise(1, side, side, i), 0));
      sum += bits, squares += bits * bits;
    }
    const double mean = sum / kPictures, deviation = std::sqrt(squares / kPictures - mean * mean);
    EXPECT_NEAR(mean, uniform_entropy(side * side), 5 * deviation / std::sqrt(kPictures)) << side;
  }
}

TEST(Histogram, UniformityOfKnownCounts) {
  EXPECT_EQ(uniformity(equal_counts(10)).chi2, 0);
  EXPECT_NEAR(uniformity(equal_counts(10)).p, 1, 1e-12);
  // Half the bytes 1.1 times as often as they should be, half 0.9 times: 256 (0.1 n)^2 / n = 2.56 n with n = 100.
  ByteCounts counts;
  for (std::size_t i = 0; i < 256; ++i) counts.of[i] = i % 2 == 0 ? 110 : 90;
  counts.total = 25600;
  EXPECT_NEAR(uniformity(counts).chi2, 256, 1e-9);
  // The median of chi-squared is about degrees - 2/3, so 256 of 255 is a little beyond the middle.
  EXPECT_GT(uniformity(counts).p, 0.45);
  EXPECT_LT(uniformity(counts).p, 0.5);
  EXPECT_TRUE(uniformity(counts).enough);
  EXPECT_FALSE(uniformity(count_bytes(noise(1, 7, 73, 1), 0)).enough);
  EXPECT_TRUE(uniformity(count_bytes(noise(1, 16, 32, 1), 0)).enough);
}

/// Also of pictures of two samples a byte, the fewest that are judged.
TEST(Histogram, NoiseIsRefusedAsOftenAsTheLevelSays) {
  for (const std::size_t width : {8U, 64U}) {
    std::size_t refused = 0;
    constexpr unsigned kPictures = 2000;
    for (unsigned i = 0; i < kPictures; ++i) refused += uniformity(count_bytes(noise(1, 64, width, i), 0)).p < 0.01;
    // Binomial (2000, 0.01): mean 20, deviation 4.4.
    EXPECT_GT(refused, 4U) << width;
    EXPECT_LT(refused, 42U) << width;
  }
  EXPECT_LT(uniformity(count_bytes(slope(64, 64), 0)).p, 1e-6);
}

}  // namespace
}  // namespace obscura::audit
