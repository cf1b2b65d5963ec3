#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

Result noise(std::vector<std::string> more) {
  std::vector<std::string> words = {"audit", "noise", "--network", kModel};
  words.insert(words.end(), more.begin(), more.end());
  return obscura(words);
}

TEST(AuditNoise, FollowsAPackedNetworkOnFiles) {
  const TemporaryFolder folder;
  const auto result = noise({"--images", sample("7-0"), sample("2-0"), "--html", folder / "noise.html", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("images"), 2);
  EXPECT_EQ(json.at("mode"), "packed");
  const auto& stages = json.at("stages");
  ASSERT_EQ(stages.size(), 5U);
  EXPECT_EQ(stages.at(0).at("stage"), "encryption");
  EXPECT_EQ(stages.at(0).at("values"), 784);
  EXPECT_EQ(stages.at(4).at("stage"), "logits");
  EXPECT_EQ(stages.at(4).at("values"), 10);
  for (const auto& stage : stages) {
    EXPECT_GT(stage.at("predicted"), 0) << stage;
    EXPECT_LT(stage.at("ratio"), 2) << stage;
    EXPECT_GT(stage.at("ratio"), 0.02) << stage;
  }
  const std::string page = text_of(folder / "noise.html");
  EXPECT_THAT(page, HasSubstr("log2 of errors, stage by stage"));
  EXPECT_THAT(page, HasSubstr("<svg"));
}

TEST(AuditNoise, PrintsALineAStage) {
  const auto result = noise({"--dataset", "samples", "--count", "3"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("encryption"));
  EXPECT_THAT(result.out, HasSubstr("logits"));
  EXPECT_THAT(result.out, HasSubstr("predictions of 5 stages"));
}

/// A network of other classes than those of the pictures: errors know none. The whole report, too.
TEST(AuditNoise, ClassesDoNotMatter) {
  const TemporaryFolder folder;
  const std::string letters = (folder / "letters.onnx").string(), page = (folder / "report.html").string();
  ASSERT_EQ(obscura({"compile", kModel, "--classes", "a,b,c,d,e,f,g,h,i,j", "--save", letters, "--state-only"}).status,
            0);
  const auto result = obscura({"audit", "noise", "--network", letters, "--dataset", "samples", "--count", "2"});
  EXPECT_EQ(result.status, 0) << result.err;
  const auto report =
      obscura({"audit", "report", "--network", letters, "--images", "4", "--sequences", "1", "--out", page, "--json"});
  ASSERT_EQ(report.status, 0) << report.err;
  EXPECT_THAT(text_of(page), HasSubstr("Errors are as large as predicted"));
}

TEST(AuditNoise, RefusesWhatMakesNoSense) {
  const auto refused = [](const Result& result, int status, const std::string& problem) {
    EXPECT_EQ(result.status, status) << problem << result.err;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(problem));
  };
  refused(noise({"--images", sample("7-0"), "--dataset", "mnist"}), 2, "--images names the pictures");
  refused(noise({"--count", "0"}), 2, "--count");
  refused(noise({"--images", "/none.png"}), 1, "none.png");
  refused(obscura({"audit", "noise"}), 2, "--network");
  refused(noise({"--dataset", "samples", "--html", kModel}), 1, "tenseal-mnist.onnx");
}

}  // namespace
}  // namespace obscura::cli
