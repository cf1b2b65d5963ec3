#include "audit/pictures/difference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/pictures/drawn.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using image::Image;

/// Percentages of tables in Wu, Noonan, Agaian (2011), printed to four digits.
TEST(Difference, CriticalValuesOfThePaper) {
  struct Row {
    std::size_t side;
    double alpha, npcr, low, high;
  };
  const Row rows[] = {{256, 0.05, 99.5693, 33.2824, 33.6447},
                      {256, 0.01, 99.5527, 33.2255, 33.7016},
                      {512, 0.05, 99.5893, 33.3730, 33.5541},
                      {512, 0.01, 99.5810, 33.3445, 33.5826},
                      {1024, 0.05, 99.5994, 33.4183, 33.5088}};
  for (const Row& row : rows) {
    const CriticalValues found = critical_values(row.side * row.side, row.alpha);
    EXPECT_NEAR(100 * found.npcr, row.npcr, 1e-4) << row.side << " " << row.alpha;
    EXPECT_NEAR(100 * found.uaci_low, row.low, 1e-4) << row.side << " " << row.alpha;
    EXPECT_NEAR(100 * found.uaci_high, row.high, 1e-4) << row.side << " " << row.alpha;
  }
  EXPECT_THROW(critical_values(0, 0.05), ParameterError);
  EXPECT_THROW(critical_values(10, 0), ParameterError);
  EXPECT_THROW(critical_values(10, 1), ParameterError);
}

/// Mean and deviation by summing over all pairs of bytes.
TEST(Difference, MomentsOfAllPairsOfBytes) {
  double differ = 0, sum = 0, squares = 0;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const double d = std::abs(a - b) / 255.0;
      differ += a != b, sum += d, squares += d * d;
    }
  }
  const double mean = sum / 65536, chance = differ / 65536;
  EXPECT_NEAR(kIdealNpcr, chance, 1e-15);
  EXPECT_NEAR(kIdealUaci, mean, 1e-12);
  EXPECT_NEAR(npcr_deviation(1), std::sqrt(chance * (1 - chance)), 1e-12);
  EXPECT_NEAR(uaci_deviation(1), std::sqrt(squares / 65536 - mean * mean), 1e-12);
  EXPECT_NEAR(uaci_deviation(400), uaci_deviation(1) / 20, 1e-15);
}

TEST(Difference, OfKnownPictures) {
  const Image black(1, 4, 5), white(1, 4, 5, 255);
  EXPECT_EQ(difference(black, white).npcr, 1);
  EXPECT_EQ(difference(black, white).uaci, 1);
  EXPECT_EQ(difference(black, black).npcr, 0);
  EXPECT_EQ(difference(black, black).uaci, 0);
  EXPECT_FALSE(difference(black, black).npcr_passes(0.01));
  EXPECT_FALSE(difference(black, black).uaci_passes(0.01));
  Image one = black;
  one.at(2, 3) = 51;
  EXPECT_NEAR(difference(one, black).npcr, 0.05, 1e-15);
  EXPECT_NEAR(difference(one, black).uaci, 0.01, 1e-15);
  EXPECT_THROW(difference(black, Image(1, 5, 4)), MismatchError);
}

/// A p-value below alpha is the same as a value beyond the critical one.
TEST(Difference, PValuesAgreeWithCriticalValues) {
  const CriticalValues at = critical_values(4096, 0.05);
  std::size_t npcr = 0, uaci = 0;
  for (unsigned i = 0; i < 500; ++i) {
    const Difference found = difference(noise(1, 64, 64, 2 * i), noise(1, 64, 64, 2 * i + 1));
    EXPECT_EQ(found.npcr_passes(0.05), found.npcr >= at.npcr);
    EXPECT_EQ(found.uaci_passes(0.05), found.uaci >= at.uaci_low && found.uaci <= at.uaci_high);
    npcr += !found.npcr_passes(0.05), uaci += !found.uaci_passes(0.05);
  }
  // Binomial (500, 0.05): mean 25, deviation 4.9; NPCR is discrete, 16 of 4,096 samples on average.
  EXPECT_GT(npcr, 4U);
  EXPECT_LT(npcr, 56U);
  EXPECT_GT(uaci, 4U);
  EXPECT_LT(uaci, 51U);
}

}  // namespace
}  // namespace obscura::audit
