#include "image/transforms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "base/error.h"

namespace obscura::image {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(engine() % 256);
  return values;
}

std::vector<float> transformed(std::vector<float> picture, const BatchShape& shape, Transform transform,
                               std::uint64_t index = 0, const TransformStrength& strength = {}) {
  transform_picture(picture, shape, transform, 7, index, strength);
  return picture;
}

TEST(Transforms, ShiftsByOnePixelAndMirrorsTheEdge) {
  const BatchShape shape{1, 1, 2, 4};
  const std::vector<float> picture{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_THAT(transformed(picture, shape, Transform::width_shift), ElementsAre(2, 3, 4, 3, 6, 7, 8, 7));
  const BatchShape tall{1, 1, 4, 2};
  std::set<std::vector<float>> seen;
  for (std::uint64_t i = 0; i < 20; ++i) seen.insert(transformed(picture, tall, Transform::height_shift, i));
  EXPECT_THAT(seen, ElementsAre(std::vector<float>{3, 4, 1, 2, 3, 4, 5, 6}, std::vector<float>{3, 4, 5, 6, 7, 8, 5, 6}))
      << "down and up";
}

TEST(Transforms, FlipsEveryPictureLeftToRight) {
  const BatchShape square{1, 2, 3, 3};
  std::vector<float> picture(square.size());
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<float>(i);
  for (std::uint64_t index = 0; index < 10; ++index) {
    const auto flipped = transformed(picture, square, Transform::flip, index);
    for (std::size_t i = 0; i < picture.size(); ++i) EXPECT_EQ(flipped[i], picture[i / 3 * 3 + 2 - i % 3]);
  }
}

/// A bright spot on the right moves along a circle; a picture of one value everywhere stays what it is.
TEST(Transforms, RotatesBy15DegreesEitherWay) {
  const BatchShape shape{1, 1, 41, 41};
  std::vector<float> spot(shape.size(), 0.0F);
  spot[20 * 41 + 35] = 255;  // 15 pixels from the centre
  std::set<int> ways;
  for (std::uint64_t index = 0; index < 20; ++index) {
    const auto turned = transformed(spot, shape, Transform::rotation, index);
    double sum = 0, x = 0, y = 0;
    for (std::size_t i = 0; i < turned.size(); ++i) {
      const auto value = static_cast<double>(turned[i]);
      sum += value, x += value * static_cast<double>(i % 41), y += value * static_cast<double>(i / 41);
    }
    const double angle = std::atan2(y / sum - 20, x / sum - 20) * 180 / 3.14159265358979;
    EXPECT_NEAR(std::abs(angle), 15, 1.5);
    EXPECT_NEAR(std::hypot(y / sum - 20, x / sum - 20), 15, 0.3);
    EXPECT_NEAR(sum, 255, 40) << "bilinear weights add up to about one";
    ways.insert(angle < 0 ? -1 : 1);
  }
  EXPECT_THAT(ways, ElementsAre(-1, 1));
  EXPECT_THAT(transformed(std::vector<float>(shape.size(), 77), shape, Transform::rotation),
              Each(::testing::FloatNear(77, 1e-3F)))
      << "what comes from outside is mirrored, not black";
}

TEST(Transforms, BlursByAGaussian) {
  const BatchShape shape{1, 1, 15, 15};
  std::vector<float> spot(shape.size(), 0.0F);
  spot[7 * 15 + 7] = 100;
  const auto blurred = transformed(spot, shape, Transform::gaussian_blur);
  double sum = 0, spread = 0;
  for (std::size_t i = 0; i < blurred.size(); ++i) {
    sum += static_cast<double>(blurred[i]);
    spread += static_cast<double>(blurred[i]) * std::pow(static_cast<double>(i % 15) - 7, 2);
  }
  EXPECT_NEAR(sum, 100, 1e-3);
  EXPECT_NEAR(std::sqrt(spread / sum), 0.8, 0.01);
  EXPECT_NEAR(blurred[7 * 15 + 8] / blurred[7 * 15 + 7], std::exp(-0.5 / 0.64), 1e-5);
}

TEST(Transforms, CodesNeighboursThatAreNoSmaller) {
  const BatchShape shape{1, 1, 3, 3};
  // Clockwise from the upper left: 9, 1, 5, 2, 7, 3, 6, 4 around a 5.
  const auto coded = transformed({9, 1, 5, 4, 5, 2, 6, 3, 7}, shape, Transform::local_binary_pattern);
  EXPECT_EQ(coded[4], 0b10101010);
  EXPECT_THAT(transformed(std::vector<float>(9, 3), shape, Transform::local_binary_pattern), Each(255.0F));
}

TEST(Transforms, CodesDoNotChangeWithTheLight) {
  const BatchShape shape{1, 3, 8, 8};
  const auto picture = random_values(shape.size(), 3);
  auto darker = picture;
  for (float& v : darker) v = v / 2 + 10;
  EXPECT_EQ(transformed(picture, shape, Transform::local_binary_pattern),
            transformed(darker, shape, Transform::local_binary_pattern));
}

TEST(Transforms, NoiseHasItsDeviationAndStaysInRange) {
  const BatchShape shape{1, 3, 64, 64};
  const auto noisy = transformed(std::vector<float>(shape.size(), 128), shape, Transform::gaussian_noise);
  double sum = 0, squares = 0;
  for (const float v : noisy) sum += static_cast<double>(v) - 128, squares += std::pow(static_cast<double>(v) - 128, 2);
  const auto count = static_cast<double>(noisy.size());
  EXPECT_NEAR(sum / count, 0, 0.5);
  EXPECT_NEAR(std::sqrt(squares / count), 10, 0.3);
  const auto white = transformed(std::vector<float>(shape.size(), 255), shape, Transform::gaussian_noise);
  EXPECT_EQ(*std::ranges::max_element(white), 255);
  EXPECT_LT(*std::ranges::min_element(white), 255);
}

TEST(Transforms, SaltAndPepperFallOnAllChannelsOfAPixel) {
  const BatchShape shape{1, 3, 64, 64};
  const auto flecked = transformed(std::vector<float>(shape.size(), 128), shape, Transform::salt_and_pepper);
  std::map<float, std::size_t> counts;
  for (std::size_t i = 0; i < 64 * 64; ++i) {
    EXPECT_EQ(flecked[i], flecked[64 * 64 + i]);
    EXPECT_EQ(flecked[i], flecked[2 * 64 * 64 + i]);
    ++counts[flecked[i]];
  }
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_NEAR(static_cast<double>(counts[0]), 0.02 * 64 * 64, 36);  // four standard deviations
  EXPECT_NEAR(static_cast<double>(counts[255]), 0.02 * 64 * 64, 36);
}

TEST(Transforms, EveryNinthPictureStaysAndEveryTransformIsDrawnAsOften) {
  const BatchShape shape{2000, 1, 6, 6};
  const std::vector<float> one = random_values(36, 5);
  std::vector<float> batch;
  for (std::size_t n = 0; n < shape.count; ++n) batch.insert(batch.end(), one.begin(), one.end());
  augment_one_of_eight(batch, shape, 11);
  std::vector<std::size_t> counts(kTransforms.size() + 1, 0);
  for (std::size_t n = 0; n < shape.count; ++n) {
    const std::vector<float> got(batch.begin() + static_cast<long>(n * 36),
                                 batch.begin() + static_cast<long>(n * 36 + 36));
    std::size_t which = kTransforms.size();
    for (std::size_t t = 0; t < kTransforms.size(); ++t) {
      auto expected = one;
      transform_picture(expected, {1, 1, 6, 6}, kTransforms[t], 11, n);
      // Salt and pepper may leave so small a picture as it is.
      if (expected == got && got != one) which = t;
    }
    EXPECT_TRUE(which < kTransforms.size() || got == one) << n;
    ++counts[which];
  }
  const double ninth = 2000.0 / 9;
  for (std::size_t t = 0; t < kTransforms.size(); ++t) {
    if (kTransforms[t] == Transform::salt_and_pepper) continue;
    EXPECT_NEAR(static_cast<double>(counts[t]), ninth, 57) << to_string(kTransforms[t]);  // four standard deviations
  }
  EXPECT_NEAR(static_cast<double>(counts.back() + counts[7]), 2 * ninth, 75);
}

TEST(Transforms, PiecesGiveTheWholeAndSeedsDiffer) {
  const BatchShape shape{12, 3, 8, 9};
  const auto pictures = random_values(shape.size(), 9);
  auto whole = pictures, again = pictures, other = pictures;
  augment_one_of_eight(whole, shape, 4);
  augment_one_of_eight(again, shape, 4);
  augment_one_of_eight(other, shape, 5);
  EXPECT_EQ(whole, again);
  EXPECT_NE(whole, other);
  EXPECT_NE(whole, pictures);
  const BatchShape half{6, 3, 8, 9};
  std::vector<float> tail(pictures.begin() + static_cast<long>(half.size()), pictures.end());
  augment_one_of_eight(tail, half, 4, 6);
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), whole.begin() + static_cast<long>(half.size())));
}

TEST(Transforms, NamesDifferAndImpossiblePicturesAreRefused) {
  std::set<std::string> names;
  for (const Transform t : kTransforms) names.insert(to_string(t));
  EXPECT_EQ(names.size(), 8U);
  std::vector<float> row(5), picture(16);
  EXPECT_THROW(transform_picture(row, {1, 1, 1, 5}, Transform::flip, 1, 0), ParameterError);
  EXPECT_THROW(transform_picture(row, {1, 1, 4, 4}, Transform::flip, 1, 0), ParameterError);
  EXPECT_THROW(transform_picture(picture, {2, 1, 2, 4}, Transform::flip, 1, 0), ParameterError);
  TransformStrength far;
  far.shift_pixels = 4;
  EXPECT_THROW(transform_picture(picture, {1, 1, 4, 4}, Transform::width_shift, 1, 0, far), ParameterError);
}

}  // namespace
}  // namespace obscura::image
