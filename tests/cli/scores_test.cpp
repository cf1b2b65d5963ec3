#include "cli/scores.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace obscura::cli {
namespace {

TEST(Scores, OfAHandfulOfImages) {
  const std::vector<std::int64_t> labels = {0, 0, 1, 1};
  const std::vector<std::vector<float>> plain = {{1, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 1, 0}};
  const std::vector<std::vector<double>> encrypted = {{1, 0, 0}, {0.25, 0.5, 0}, {0, 1, 0}, {0, 1, 0}};
  const Scores scores = score(plain, encrypted, labels);
  EXPECT_EQ(scores.plain_accuracy, 1);
  EXPECT_EQ(scores.plain_f1_macro, 1);
  EXPECT_EQ(scores.encrypted_accuracy, 0.75);
  EXPECT_EQ(scores.agreement, 0.75);
  EXPECT_EQ(scores.confusion, (std::vector<std::vector<std::size_t>>{{1, 1, 0}, {0, 2, 0}, {0, 0, 0}}));
  EXPECT_DOUBLE_EQ(scores.classes[0].f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.classes[1].precision, 2.0 / 3);
  EXPECT_EQ(scores.classes[1].recall, 1);
  EXPECT_EQ(scores.classes[2].f1, 0);
  // The third class occurs nowhere and does not count.
  EXPECT_DOUBLE_EQ(scores.f1_macro, (2.0 / 3 + 0.8) / 2);
  EXPECT_DOUBLE_EQ(scores.max_logit_error, 0.75);
  EXPECT_EQ(std::accumulate(scores.errors.counts.begin(), scores.errors.counts.end(), std::size_t{0}), 12);
}

TEST(Scores, ErrorsOfEverySizeFindABin) {
  ErrorHistogram errors;
  for (const double error : {0.0, 1e-300, 1e-10, 1.1e-10, 1.0, 99.0, 1e9, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    errors.add(error);
  }
  EXPECT_EQ(errors.counts.front(), 4);
  EXPECT_EQ(errors.counts[40], 1);
  EXPECT_EQ(errors.counts.back(), 4);
}

TEST(Scores, ASingleLogitIsAYesOrNo) {
  const std::vector<std::vector<float>> plain{{1.5F}, {-2.0F}, {0.5F}, {-0.5F}};
  const std::vector<std::vector<double>> encrypted{{1.5}, {-2.0}, {-0.5}, {-0.5}};
  const std::vector<std::int64_t> labels{1, 0, 1, 1};
  const Scores scores = score(plain, encrypted, labels);
  EXPECT_EQ(scores.plain_accuracy, 0.75);
  EXPECT_EQ(scores.encrypted_accuracy, 0.5);
  EXPECT_EQ(scores.agreement, 0.75);
  EXPECT_EQ(scores.confusion, (std::vector<std::vector<std::size_t>>{{1, 0}, {2, 1}}));
  EXPECT_EQ(scores.max_logit_error, 1);
}

}  // namespace
}  // namespace obscura::cli
