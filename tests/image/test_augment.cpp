#include "image/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "base/error.h"

namespace obscura::image {
namespace {

constexpr BatchShape kShape{40, 2, 28, 28};

/// A soft blob in the middle of every plane.
std::vector<float> blobs(const BatchShape& shape) {
  std::vector<float> out;
  for (std::size_t plane = 0; plane < shape.count * shape.channels; ++plane) {
    for (std::size_t y = 0; y < shape.height; ++y) {
      for (std::size_t x = 0; x < shape.width; ++x) {
        const double dx = (static_cast<double>(x) - 13.5) / 3, dy = (static_cast<double>(y) - 13.5) / 5;
        out.push_back(static_cast<float>(std::exp(-dx * dx - dy * dy)));
      }
    }
  }
  return out;
}

std::vector<float> warp(const std::vector<float>& in, const BatchShape& shape, const AffineLimits& limits,
                        std::uint64_t seed, std::uint64_t first = 0, float fill = 0) {
  std::vector<float> out(in.size());
  augment_affine(std::span<const float>(in), std::span(out), shape, limits, seed, first, fill);
  return out;
}

TEST(Augment, SameSeedSameResult) {
  const auto in = blobs(kShape);
  EXPECT_EQ(warp(in, kShape, {}, 5), warp(in, kShape, {}, 5));
  EXPECT_NE(warp(in, kShape, {}, 5), warp(in, kShape, {}, 6));
}

TEST(Augment, PiecesGiveTheWhole) {
  const auto in = blobs(kShape);
  const auto whole = warp(in, kShape, {}, 5);
  BatchShape half = kShape;
  half.count = kShape.count / 2;
  const std::vector<float> tail(in.begin() + static_cast<std::ptrdiff_t>(half.size()), in.end());
  const auto second = warp(tail, half, {}, 5, half.count);
  EXPECT_TRUE(std::equal(second.begin(), second.end(), whole.begin() + static_cast<std::ptrdiff_t>(half.size())));
}

TEST(Augment, ChannelsMoveTogetherAndImagesApart) {
  const auto out = warp(blobs(kShape), kShape, {}, 9);
  const std::size_t plane = kShape.height * kShape.width;
  EXPECT_TRUE(std::equal(out.begin(), out.begin() + plane, out.begin() + plane));
  EXPECT_FALSE(std::equal(out.begin(), out.begin() + plane, out.begin() + 2 * plane));
}

TEST(Augment, NoLimitsNoChange) {
  std::vector<float> in(kShape.size());
  std::mt19937 random(3);
  for (float& v : in) v = static_cast<float>(random() % 1000) / 1000;
  const auto out = warp(in, kShape, {0, 0, 0, 0}, 1);
  for (std::size_t i = 0; i < in.size(); ++i) ASSERT_NEAR(out[i], in[i], 1e-4) << i;
}

TEST(Augment, StaysWithinTheRangeOfItsInput) {
  const auto out = warp(blobs(kShape), kShape, {}, 2);
  EXPECT_GE(*std::min_element(out.begin(), out.end()), 0);
  EXPECT_LE(*std::max_element(out.begin(), out.end()), 1);
  const auto ones = warp(std::vector<float>(kShape.size(), 1), kShape, {}, 2, 0, 1);
  EXPECT_EQ(*std::min_element(ones.begin(), ones.end()), 1) << "fill is not used at the edges";
}

TEST(Augment, ShiftsMoveTheCentreOfMassByNoMoreThanAllowed) {
  const BatchShape shape{200, 1, 28, 28};
  const auto out = warp(blobs(shape), shape, {0, 2, 0, 0}, 4);
  double furthest = 0;
  for (std::size_t n = 0; n < shape.count; ++n) {
    double mass = 0, x = 0;
    for (std::size_t i = 0; i < 784; ++i) {
      mass += out[n * 784 + i];
      x += out[n * 784 + i] * static_cast<double>(i % 28);
    }
    furthest = std::max(furthest, std::abs(x / mass - 13.5));
  }
  EXPECT_LE(furthest, 2.05);
  EXPECT_GE(furthest, 1.5);
}

TEST(Augment, BytesAgreeWithFloats) {
  const auto in = blobs(kShape);
  std::vector<std::uint8_t> bytes, out(in.size());
  std::vector<float> same;
  for (const float v : in) {
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * v)));
    same.push_back(bytes.back());
  }
  augment_affine(std::span<const std::uint8_t>(bytes), std::span(out), kShape, {}, 8);
  const auto exact = warp(same, kShape, {}, 8);
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], exact[i], 0.51) << i;
}

TEST(Augment, FlipsMirrorAboutHalf) {
  const BatchShape shape{1000, 3, 2, 3};
  std::vector<float> batch(shape.size());
  std::iota(batch.begin(), batch.end(), 0.0f);
  const auto before = batch;
  augment_flip(std::span(batch), shape, 11);
  std::size_t flipped = 0;
  for (std::size_t n = 0; n < shape.count; ++n) {
    const std::size_t at = n * shape.image_size();
    if (batch[at] == before[at]) continue;
    ++flipped;
    for (std::size_t r = 0; r < 6; ++r) {
      for (std::size_t x = 0; x < 3; ++x) ASSERT_EQ(batch[at + 3 * r + x], before[at + 3 * r + 2 - x]);
    }
  }
  EXPECT_GT(flipped, 420U);
  EXPECT_LT(flipped, 580U);
  augment_flip(std::span(batch), shape, 11);
  EXPECT_EQ(batch, before);
}

TEST(Augment, WrongSizesAreRefused) {
  const std::vector<float> in(783);
  std::vector<float> out(784);
  EXPECT_THROW(augment_affine(std::span<const float>(in), std::span(out), {1, 1, 28, 28}, {}, 1), ParameterError);
  EXPECT_THROW(augment_flip(std::span(out), {2, 1, 28, 28}, 1), ParameterError);
}

}  // namespace
}  // namespace obscura::image
