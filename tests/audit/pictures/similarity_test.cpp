#include "audit/pictures/similarity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "audit/pictures/drawn.h"
#include "base/error.h"

namespace obscura::audit {
namespace {

using image::Image;

TEST(Similarity, OfEqualAndOppositePictures) {
  const Image a = slope(20, 24);
  EXPECT_TRUE(std::isinf(psnr(a, a)));
  EXPECT_NEAR(ssim(a, a), 1, 1e-12);
  EXPECT_NEAR(correlation(a, a), 1, 1e-6);
  EXPECT_NEAR(correlation(a, image::inverted(a)), -1, 1e-6);
  EXPECT_EQ(correlation(a, Image(1, 20, 24, 8)), 0);
}

TEST(Similarity, NoiseIsLikeNothing) {
  const Image a = slope(64, 64), b = noise(1, 64, 64, 3);
  EXPECT_LT(std::abs(ssim(a, b)), 0.05);
  EXPECT_LT(std::abs(correlation(a, b)), 0.06);
}

TEST(Similarity, RefusesPicturesOfOtherShapes) {
  const auto refused = [](const Image& a, const Image& b) {
    try {
      require_alike(a, b);
    } catch (const MismatchError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused(Image(1, 2, 3), Image(3, 2, 3)), testing::HasSubstr("1x2x3 and 3x2x3"));
  EXPECT_NE(refused(Image(), Image()), "");
  EXPECT_EQ(refused(Image(1, 2, 3), Image(1, 2, 3)), "");
}

}  // namespace
}  // namespace obscura::audit
