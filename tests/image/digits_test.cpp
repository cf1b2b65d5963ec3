#include "image/digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "base/error.h"
#include "image/digit_strokes.h"

namespace obscura::image {
namespace {

TEST(Digits, SameSeedSameDigit) {
  for (int d = 0; d < 10; ++d) {
    EXPECT_EQ(draw_digit(d, 17), draw_digit(d, 17));
    EXPECT_NE(draw_digit(d, 17), draw_digit(d, 18));
  }
  EXPECT_THROW(draw_digit(10, 0), ParameterError);
  EXPECT_THROW(draw_digit(-1, 0), ParameterError);
}

TEST(Digits, EveryDigitHasSeveralWritings) {
  for (int d = 0; d < 10; ++d) EXPECT_GE(digit_strokes(d).size(), 2U) << d;
}

TEST(Digits, AreSizedAndCentredLikeMnist) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Image image = draw_digit(static_cast<int>(seed % 10), seed);
    ASSERT_EQ(image.height, 28U);
    ASSERT_EQ(image.width, 28U);
    double mass = 0, mx = 0, my = 0;
    std::size_t top = 28, bottom = 0, left = 28, right = 0;
    for (std::size_t y = 0; y < 28; ++y) {
      for (std::size_t x = 0; x < 28; ++x) {
        const double v = image.at(y, x);
        mass += v, mx += v * static_cast<double>(x), my += v * static_cast<double>(y);
        if (v < 64) continue;
        top = std::min(top, y), bottom = std::max(bottom, y);
        left = std::min(left, x), right = std::max(right, x);
      }
    }
    EXPECT_NEAR(mx / mass, 14, 0.3) << seed;
    EXPECT_NEAR(my / mass, 14, 0.3) << seed;
    const std::size_t longer = std::max(bottom - top, right - left) + 1;
    EXPECT_GE(longer, 18U) << seed;
    EXPECT_LE(longer, 22U) << seed;
    EXPECT_EQ(*std::max_element(image.pixels.begin(), image.pixels.end()), 255) << seed;
    EXPECT_GT(mass / 255 / 784, 0.03) << seed;
    EXPECT_LT(mass / 255 / 784, 0.35) << seed;
  }
}

TEST(Digits, ShippedSamplesAreTheFirstOfTheSet) {
  const Dataset set = load_dataset("samples", Split::test, {}, 20);
  for (std::size_t n = 0; n < 20; ++n) {
    const std::string name = std::to_string(n % 10) + "-" + std::to_string(n / 10) + ".png";
    const Image shipped = read_image(std::string(OBSCURA_SOURCE_DIR) + "/samples/digits/" + name);
    const Image drawn = set.image(n);
    EXPECT_EQ(set.labels[n], static_cast<std::int64_t>(n % 10));
    ASSERT_EQ(shipped.pixels.size(), drawn.pixels.size());
    // Another compiler's sine may round another way.
    for (std::size_t i = 0; i < drawn.pixels.size(); ++i) {
      ASSERT_NEAR(shipped.pixels[i], drawn.pixels[i], 2) << name << " at " << i;
    }
  }
}

TEST(Digits, SampleSplitsShareNothing) {
  const Dataset test = load_dataset("samples", Split::test), train = load_dataset("samples", Split::train, {}, 2000);
  EXPECT_EQ(test.count, 1000U);
  EXPECT_EQ(train.count, 2000U);
  const auto key = [](std::span<const std::uint8_t> p) { return std::string(p.begin(), p.end()); };
  std::set<std::string> seen;
  for (std::size_t n = 0; n < test.count; ++n) seen.insert(key(test.pixels(n)));
  EXPECT_EQ(seen.size(), test.count);
  for (std::size_t n = 0; n < train.count; ++n) EXPECT_FALSE(seen.contains(key(train.pixels(n))));
}

int nearest_label(const Dataset& known, std::span<const std::uint8_t> picture) {
  long best = std::numeric_limits<long>::max();
  std::int64_t label = -1;
  for (std::size_t n = 0; n < known.count; ++n) {
    const auto other = known.pixels(n);
    long distance = 0;
    for (std::size_t i = 0; i < picture.size(); ++i) {
      const int d = int{picture[i]} - int{other[i]};
      distance += d * d;
    }
    if (distance < best) best = distance, label = known.labels[n];
  }
  return static_cast<int>(label);
}

/// What has only seen real handwriting must be able to read the drawn digits.
TEST(Digits, ReadLikeHandwriting) {
  Dataset mnist;
  try {
    mnist = load_dataset("mnist", Split::train, {}, 8000);
  } catch (const IoError& e) {
    GTEST_SKIP() << "MNIST is not here: " << e.what();
  }
  const Dataset drawn = draw_digit_set(200, 0);
  std::size_t right = 0;
  for (std::size_t n = 0; n < drawn.count; ++n) right += nearest_label(mnist, drawn.pixels(n)) == drawn.labels[n];
  EXPECT_GE(right, 180U);
}

}  // namespace
}  // namespace obscura::image
