#include "tensor/feature_chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace obscura {
namespace {

using testing::ElementsAre;

TEST(FeatureChunks, IndicesKeepTheOrderAndSayBySignWhatPasses) {
  const std::vector<double> scores = {120, 100, 99.9, 1000};
  EXPECT_THAT(signed_indices(scores, 100), ElementsAre(1, -2, -3, 4));
  EXPECT_THAT(signed_indices(scores, 0), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(signed_indices(scores, kMaxGradient), ElementsAre(-1, -2, -3, -4));
  EXPECT_EQ(count_features(signed_indices(scores, 100)), 2U);
}

TEST(FeatureChunks, OtsuPartsTwoGroupsBetweenThem) {
  EXPECT_DOUBLE_EQ(otsu_threshold({10, 52, 11, 50, 12, 48}), 30);
  EXPECT_DOUBLE_EQ(otsu_threshold({7}), 7);
  EXPECT_DOUBLE_EQ(otsu_threshold({7, 7, 7}), 7);
  EXPECT_DOUBLE_EQ(otsu_threshold({0, 0, 0, 8}), 4);
  EXPECT_THROW(otsu_threshold({}), ParameterError);
}

TEST(FeatureChunks, ThresholdsAreGradients) {
  EXPECT_NO_THROW(check_threshold(0, "--threshold"));
  EXPECT_NO_THROW(check_threshold(kMaxGradient, "--threshold"));
  for (const double wrong : {-1.0, 1444.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(check_threshold(wrong, "--threshold"), UsageError) << wrong;
  }
}

}  // namespace
}  // namespace obscura
