#include "audit/scene/quality.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/scene/drawn_images.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using image::Image;

TEST(Quality, PsnrOfAConstantError) {
  Image a(3, 12, 13, 100), b(3, 12, 13, 105);
  EXPECT_NEAR(psnr(a, b), 20 * std::log10(255.0 / 5), 1e-9);
  EXPECT_TRUE(std::isinf(psnr(a, a)));
  EXPECT_THROW(psnr(a, Image(3, 13, 12)), MismatchError);
  EXPECT_THROW(psnr(a, Image(1, 12, 13)), MismatchError);
}

TEST(Quality, SsimOfConstantImagesIsTheirLuminanceTerm) {
  const double c1 = 0.01 * 255 * 0.01 * 255;
  EXPECT_NEAR(ssim(Image(1, 16, 16, 50), Image(1, 16, 16, 100)), (2 * 50 * 100 + c1) / (50 * 50 + 100 * 100 + c1),
              1e-9);
  const Image picture = drawn_images(1, 24, 20, 3).image(0);
  EXPECT_NEAR(ssim(picture, picture), 1, 1e-12);
}

TEST(Quality, SsimAgreesWithTheFormulaInPlainLoops) {
  const image::Dataset drawn = drawn_images(2, 32, 32, 7);
  const Image a = image::to_grey(drawn.image(0)), b = image::to_grey(drawn.image(1));
  std::array<double, 11> g{};
  double total = 0;
  for (int i = 0; i < 11; ++i) total += g[static_cast<std::size_t>(i)] = std::exp(-(i - 5) * (i - 5) / 4.5);
  for (double& v : g) v /= total;
  const auto reflect = [](int i) { return static_cast<std::size_t>(i < 0 ? -i : i > 31 ? 62 - i : i); };
  double sum = 0;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
      for (int v = -5; v <= 5; ++v) {
        for (int u = -5; u <= 5; ++u) {
          const double w = g[static_cast<std::size_t>(v + 5)] * g[static_cast<std::size_t>(u + 5)];
          const double p = a.at(reflect(y + v), reflect(x + u)), q = b.at(reflect(y + v), reflect(x + u));
          ma += w * p, mb += w * q, aa += w * p * p, bb += w * q * q, ab += w * p * q;
        }
      }
      const double c1 = 6.5025, c2 = 58.5225;
      sum += (2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2) /
             ((ma * ma + mb * mb + c1) * (aa - ma * ma + bb - mb * mb + c2));
    }
  }
  EXPECT_NEAR(ssim(a, b), sum / 1024, 1e-9);
}

TEST(Quality, CorrelationDoesNotSeeBrightnessAndContrast) {
  const Image a = drawn_images(1, 16, 16, 2).image(0);
  Image b = a, negative = a;
  for (auto& v : b.pixels) v = static_cast<std::uint8_t>(30 + v / 2 * 1);
  for (auto& v : negative.pixels) v = static_cast<std::uint8_t>(255 - v);
  EXPECT_GT(correlation(b, a), 0.999);
  EXPECT_NEAR(correlation(negative, a), -1, 1e-6);
  EXPECT_EQ(correlation(Image(3, 16, 16, 7), a), 0);
}

TEST(Quality, IdentifiesTheNearestOriginal) {
  const image::Dataset drawn = drawn_images(6, 16, 16, 4);
  std::vector<Image> originals, wrong;
  for (std::size_t n = 0; n < 6; ++n) originals.push_back(drawn.image(n));
  for (std::size_t n = 0; n < 6; ++n) wrong.push_back(originals[(n + 1) % 6]);
  EXPECT_EQ(compare(originals, originals).identified, 1);
  EXPECT_EQ(compare(originals, originals).exact, 6U);
  EXPECT_EQ(compare(wrong, originals).identified, 0);
  const std::vector<Image> blank(6, mean_image(drawn));
  EXPECT_LE(compare(blank, originals).identified, 0.5);
  const std::vector<Image> flat(6, Image(3, 16, 16, 128));
  EXPECT_EQ(compare(flat, originals).identified, 0);
  EXPECT_THROW(compare(std::span(originals).first(5), originals), MismatchError);
  EXPECT_THROW(compare({}, {}), MismatchError);
}

TEST(Quality, MeanImageRounds) {
  image::Dataset set;
  set.count = 2;
  set.channels = set.height = 1;
  set.width = 2;
  set.images = {10, 255, 13, 255};
  EXPECT_EQ(mean_image(set).pixels, (std::vector<std::uint8_t>{12, 255}));
  EXPECT_THROW(mean_image({}), ParameterError);
}

TEST(DrawnImages, AreTheSameForASeedAndDifferFromEachOther) {
  const image::Dataset a = drawn_images(3, 12, 20, 1);
  EXPECT_EQ(a.images, drawn_images(3, 12, 20, 1).images);
  EXPECT_NE(a.image(0), a.image(1));
  EXPECT_NE(a.images, drawn_images(3, 12, 20, 2).images);
  EXPECT_THROW(drawn_images(0, 8, 8, 1), ParameterError);
  EXPECT_THROW(drawn_images(1, 3, 8, 1), ParameterError);
}

}  // namespace
}  // namespace obscura::audit
