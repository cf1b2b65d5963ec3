#include "tensor/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace obscura::nn {
namespace {

using ::testing::ElementsAre;

TEST(Decision, OneLogitIsAYesOrNo) {
  EXPECT_EQ(class_count(1), 2U);
  for (const Head head : {Head::none, Head::sigmoid}) {
    const auto p = class_probabilities(std::vector<double>{2}, head);
    ASSERT_EQ(p.size(), 2U);
    EXPECT_NEAR(p[1], 0.8807970779778824, 1e-15);
    EXPECT_NEAR(p[0], 0.11920292202211755, 1e-15);
  }
  EXPECT_EQ(predicted_class(std::vector<double>{2}), 1U);
  EXPECT_EQ(predicted_class(std::vector<double>{-0.01}), 0U);
  EXPECT_EQ(predicted_class(std::vector<float>{0.01F}), 1U);
}

TEST(Decision, SeveralLogitsAreOneClassOrEachByItself) {
  EXPECT_EQ(class_count(3), 3U);
  const std::vector<double> logits{0, std::log(2.0), 0};
  for (const Head head : {Head::none, Head::softmax, Head::log_softmax}) {
    const auto p = class_probabilities(logits, head);
    ASSERT_EQ(p.size(), 3U);
    EXPECT_NEAR(p[0], 0.25, 1e-15);
    EXPECT_NEAR(p[1], 0.5, 1e-15);
    EXPECT_NEAR(p[2], 0.25, 1e-15);
  }
  const auto each = class_probabilities(logits, Head::sigmoid);
  EXPECT_DOUBLE_EQ(each[0], 0.5);
  EXPECT_NEAR(each[1], 2.0 / 3, 1e-15);
  EXPECT_TRUE(is_multi_label(3, Head::sigmoid));
  EXPECT_FALSE(is_multi_label(1, Head::sigmoid));
  EXPECT_FALSE(is_multi_label(3, Head::softmax));
  EXPECT_EQ(predicted_class(logits), 1U);
}

TEST(Decision, LargeLogitsStayFinite) {
  for (const double z : {-1e6, 1e6}) {
    EXPECT_THAT(class_probabilities(std::vector<double>{z}, Head::none), ElementsAre(z < 0 ? 1 : 0, z < 0 ? 0 : 1));
    EXPECT_THAT(class_probabilities(std::vector<double>{z, z}, Head::none), ElementsAre(0.5, 0.5));
  }
  EXPECT_TRUE(class_probabilities({}, Head::none).empty());
}

TEST(Decision, Labels) {
  EXPECT_THAT(class_labels({}, 3), ElementsAre("0", "1", "2"));
  EXPECT_THAT(class_labels({"a", "b", "c"}, 3), ElementsAre("a", "b", "c"));
  EXPECT_THAT(class_labels({}, 1), ElementsAre("0", "1"));
  EXPECT_THAT(class_labels({"healthy", "ill"}, 1), ElementsAre("healthy", "ill"));
  EXPECT_THAT(class_labels({"crack"}, 1), ElementsAre("not crack", "crack"));
}

}  // namespace
}  // namespace obscura::nn
