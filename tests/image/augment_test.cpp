#include "image/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <set>
#include <utility>
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

TEST(Augment, CropsShiftByWholePixelsAndMirrorTheEdge) {
  const BatchShape shape{400, 1, 5, 6};
  std::vector<float> in(shape.size()), out(shape.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 30);
  augment_crop(in, out, shape, 2, 5);
  const auto mirrored = [](int at, int side) { return at < 0 ? -at : at >= side ? 2 * (side - 1) - at : at; };
  std::set<std::pair<int, int>> seen;
  for (std::size_t n = 0; n < shape.count; ++n) {
    // The middle pixel tells the shift; then all others follow.
    const int middle = static_cast<int>(out[n * 30 + 2 * 6 + 2]);
    const int dy = middle / 6 - 2, dx = middle % 6 - 2;
    seen.insert({dy, dx});
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 6; ++x) {
        ASSERT_EQ(out[n * 30 + static_cast<std::size_t>(y * 6 + x)], mirrored(y + dy, 5) * 6 + mirrored(x + dx, 6));
      }
    }
  }
  EXPECT_EQ(seen.size(), 25U);
  auto second = out;
  augment_crop(std::span(in).subspan(30), std::span(second).first(399 * 30), {399, 1, 5, 6}, 2, 5, 1);
  EXPECT_TRUE(std::equal(second.begin(), second.begin() + 399 * 30, out.begin() + 30)) << "in pieces as at once";
  EXPECT_THROW(augment_crop(in, out, shape, 5, 1), ParameterError);
  EXPECT_THROW(augment_crop(in, std::span(out).first(3), shape, 2, 1), ParameterError);
}

TEST(Augment, CutoutPaintsOneSquareInEveryImage) {
  const BatchShape shape{300, 2, 9, 7};
  std::vector<float> batch(shape.size(), 1.0f);
  augment_cutout(batch, shape, 4, std::vector<float>{-2, -3}, 6);
  std::size_t whole = 0;
  for (std::size_t n = 0; n < shape.count; ++n) {
    std::size_t painted = 0;
    for (std::size_t i = 0; i < 63; ++i) {
      const float a = batch[n * 126 + i], b = batch[n * 126 + 63 + i];
      ASSERT_TRUE((a == 1 && b == 1) || (a == -2 && b == -3));
      painted += a == 1 ? 0 : 1;
    }
    EXPECT_GE(painted, 4U);
    EXPECT_LE(painted, 16U);
    whole += painted == 16 ? 1 : 0;
  }
  EXPECT_GT(whole, 50U);
  EXPECT_THROW(augment_cutout(batch, shape, 4, std::vector<float>{1}, 6), ParameterError);
}

TEST(Augment, WrongSizesAreRefused) {
  const std::vector<float> in(783);
  std::vector<float> out(784);
  EXPECT_THROW(augment_affine(std::span<const float>(in), std::span(out), {1, 1, 28, 28}, {}, 1), ParameterError);
  EXPECT_THROW(augment_flip(std::span(out), {2, 1, 28, 28}, 1), ParameterError);
}

}  // namespace
}  // namespace obscura::image
