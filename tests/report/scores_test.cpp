#include "report/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "report/score_page.h"

namespace obscura::report {
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

/// An image whose values grew beyond all numbers hides neither the errors of the others nor itself.
TEST(Scores, LogitsThatAreNoNumbersAreCounted) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::vector<float>> plain = {{1, 0}, {kNone, kNone}, {0, 1}};
  const std::vector<std::vector<double>> encrypted = {{1.5, 0}, {7, -9}, {0, std::numeric_limits<double>::infinity()}};
  const Scores scores = score(plain, encrypted, std::vector<std::int64_t>{0, 0, 1});
  EXPECT_DOUBLE_EQ(scores.plain_accuracy, 2.0 / 3) << "the second says nothing, whatever its place is called";
  EXPECT_DOUBLE_EQ(scores.encrypted_accuracy, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.agreement, 1.0 / 3);
  EXPECT_EQ(scores.no_numbers, 3);
  EXPECT_DOUBLE_EQ(scores.max_logit_error, 0.5);
  EXPECT_DOUBLE_EQ(scores.rms_logit_error, std::sqrt(0.25 / 3));
  EXPECT_EQ(scores.errors.counts.back(), 3);
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

TEST(Scores, WilsonsInterval) {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  const auto near = [](const Interval& i, double low, double high) {
    EXPECT_NEAR(i.low, low, 5e-5);
    EXPECT_NEAR(i.high, high, 5e-5);
  };
  near(wilson_interval(81, 263), 0.2553, 0.3662);
  near(wilson_interval(15, 148), 0.0624, 0.1605);
  near(wilson_interval(0, 20), 0, 0.1611);
  near(wilson_interval(1, 29), 0.0061, 0.1718);
  near(wilson_interval(29, 29), 0.8830, 1);
  EXPECT_EQ(wilson_interval(0, 0).low, 0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

TEST(Scores, OfOneLogitAndOfAnUnevenSet) {
  const std::vector<std::vector<float>> plain = {{-2}, {3}, {1}, {0}};
  const std::vector<std::vector<double>> encrypted = {{-2}, {3}, {-1}, {0}};
  const Scores scores = score(plain, encrypted, std::vector<std::int64_t>{0, 1, 1, 1});
  EXPECT_EQ(scores.plain_accuracy, 0.75);
  EXPECT_EQ(scores.encrypted_accuracy, 0.5);
  EXPECT_EQ(scores.confusion, (std::vector<std::vector<std::size_t>>{{1, 0}, {2, 1}}));
  EXPECT_EQ(scores.majority_class, 1U);
  EXPECT_EQ(scores.majority_share, 0.75);
  EXPECT_EQ(scores.classes[1].images, 3U);
}

TEST(ScoresText, MatrixWithNamesThatAreLongOrForeign) {
  Scores scores =
      score({{1, 0, 0}, {1, 0, 0}, {0, 1, 0}}, {{1, 0, 0}, {0, 1, 0}, {0, 1, 0}}, std::vector<std::int64_t>{0, 0, 1});
  const std::string shown = confusion_text(scores, {"na\xc3\xafve", "b", "never"}, "the run");
  EXPECT_NE(shown.find("na\xc3\xafve"), std::string::npos);
  EXPECT_EQ(shown.find("never"), std::string::npos) << "neither label nor answer";
  EXPECT_NE(shown.find("50.0"), std::string::npos);
  const std::string numbered = confusion_text(scores, {"class number one", "class number two", "c"}, "the run");
  EXPECT_NE(numbered.find(" 0 class number one"), std::string::npos) << numbered;
}

TEST(ScoresText, ManyClassesAreListsOfTheWorst) {
  std::vector<std::vector<float>> plain(50, std::vector<float>(50));
  std::vector<std::vector<double>> encrypted(50, std::vector<double>(50));
  std::vector<std::int64_t> labels(50);
  for (std::size_t i = 0; i < 50; ++i) {
    labels[i] = static_cast<std::int64_t>(i);
    plain[i][i] = 1;
    encrypted[i][i == 7 ? 9 : i] = 1;
  }
  const std::string shown = confusion_text(score(plain, encrypted, labels), {}, "the run");
  EXPECT_NE(shown.find("worst of 50 classes"), std::string::npos);
  EXPECT_NE(shown.find("1 times 7 for 9"), std::string::npos) << shown;
}

TEST(ScoresText, HistogramOfErrors) {
  ErrorHistogram errors;
  EXPECT_EQ(errors_text(errors), "");
  for (int n = 0; n < 1000; ++n) errors.add(1.5e-6);
  errors.add(1.5e-4);
  const std::string shown = errors_text(errors);
  EXPECT_NE(shown.find("1,000 ####"), std::string::npos) << shown;
  EXPECT_NE(shown.find("1 #\n"), std::string::npos) << "one among many still shows";
}

}  // namespace
}  // namespace obscura::report
