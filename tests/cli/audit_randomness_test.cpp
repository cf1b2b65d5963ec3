#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "cli/support.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

std::string random_text(std::size_t count) {
  std::mt19937_64 random(1);
  std::string text(count, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

Result randomness(std::vector<std::string> more) {
  std::vector<std::string> words = {"audit", "randomness"};
  words.insert(words.end(), more.begin(), more.end());
  return obscura(words);
}

void expect_refusal(const std::vector<std::string>& words, int status, const std::string& problem) {
  const Result result = randomness(words);
  EXPECT_EQ(result.status, status) << problem;
  EXPECT_EQ(result.errors(), 1U) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr(problem));
}

TEST(AuditRandomness, PrintsARowATestAndAVerdict) {
  const TemporaryFolder folder;
  put_text(folder / "bytes", random_text(130'000));
  const Result result = randomness({folder / "bytes"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Non-overlapping template matching"));
  EXPECT_THAT(result.out, HasSubstr("looks random (1 sequence;"));
  EXPECT_THAT(result.out, HasSubstr("uniformity is not judged"));
  EXPECT_THAT(result.out, HasSubstr("necessary and proves nothing"));
}

TEST(AuditRandomness, ZerosDoNotLookRandom) {
  const TemporaryFolder folder;
  put_text(folder / "zeros", std::string(130'000, '\0'));
  const Result result = randomness({folder / "zeros"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("does NOT look random"));
}

TEST(AuditRandomness, JsonAndPageOfTwoFiles) {
  const TemporaryFolder folder;
  put_text(folder / "a", random_text(13'000));
  put_text(folder / "b", random_text(26'000));
  const Result result = randomness({folder / "a", folder / "b", "--bits", "50000", "--only", "frequency,runs", "--json",
                                    "--html", folder / "page.html"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("command"), "obscura audit randomness a b --bits 50000 --only frequency,runs");
  EXPECT_EQ(json.at("sources").size(), 2U);
  EXPECT_EQ(json.at("sources").at(1).at("sequences"), 4);
  EXPECT_EQ(json.at("results").size(), 2U * (2 + 4));
  EXPECT_EQ(json.at("verdicts").size(), 4U);
  EXPECT_THAT(text_of(folder / "page.html"), HasSubstr("Runs"));
}

TEST(AuditRandomness, ParametersOfNistsProgram) {
  const TemporaryFolder folder;
  put_text(folder / "bytes", random_text(130'000));
  const auto p = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {folder / "bytes", "--json", "--only", "block-frequency"});
    return randomness(more).json().at("results").at(0).at("p").get<double>();
  };
  EXPECT_NE(p({}), p({"--nist-program"}));
}

TEST(AuditRandomness, BadInputIsRefusedInOneLine) {
  const TemporaryFolder folder;
  put_text(folder / "bytes", random_text(100));
  const std::string file = folder / "bytes";
  expect_refusal({}, 2, "name what is to be tested");
  expect_refusal({file, "--shield", "hill"}, 2, "name what is to be tested");
  expect_refusal({file}, 1, "has 800 bits, and a sequence has 1,000,000");
  expect_refusal({folder / "none"}, 1, "none");
  expect_refusal({file, "--only", "luck"}, 2, "there is no test 'luck'; there are frequency, block-frequency");
  expect_refusal({file, "--bits", "99"}, 2, "--bits");
  expect_refusal({file, "--alpha", "1"}, 2, "--alpha");
  expect_refusal({file, "--streams", "c0"}, 2, "--streams is for --network");
  expect_refusal({file, "--seed", "3"}, 2, "--seed is for --shield");
  expect_refusal({file, "--images", "3"}, 2, "--images is for --network and --shield");
  expect_refusal({"--network", kModel, "--streams", "c7"}, 2, "there is no stream 'c7'");
  expect_refusal({"--shield", "rot13"}, 2, "rot13");
  expect_refusal({file, "--html", file}, 1, "bytes");
}

}  // namespace
}  // namespace obscura::cli
