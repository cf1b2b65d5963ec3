#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Small enough for seconds; no data set is needed.
Result attack(std::vector<std::string> more) {
  std::vector<std::string> words = {"audit", "attack",  "--dataset", "drawn",     "--side", "16",     "--images",
                                    "20",    "--known", "3",         "--publics", "30",     "--quick"};
  words.insert(words.end(), more.begin(), more.end());
  return obscura(words);
}

void expect_refusal(const Result& result, int status, const std::string& problem) {
  EXPECT_EQ(result.status, status) << problem;
  EXPECT_EQ(result.error_lines(), 1U) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr(problem));
}

TEST(Audit, WritesNumbersAndSheetsOfAllAttacks) {
  const TemporaryFolder folder;
  const Result result = attack({"--shield", "hill", "--out", folder / "out", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto numbers = result.json();
  EXPECT_EQ(numbers.at("shield"), "hill");
  EXPECT_EQ(numbers.at("keys"), "one");
  EXPECT_EQ(numbers.at("images"), 20);
  bool solved = false;
  for (const auto& one : numbers.at("attacks")) {
    EXPECT_TRUE(one.contains("verdict") || one.contains("problem")) << one;
    if (one.at("attack") != "known-blocks") continue;
    solved = true;
    EXPECT_EQ(one.at("success"), 1);
    EXPECT_TRUE(one.at("quality").at("psnr").is_null());
    EXPECT_EQ(one.at("quality").at("exact"), 20);
    EXPECT_EQ(one.at("figures").at("rank"), 16);
    EXPECT_EQ(one.at("sheet"), "hill-known-blocks.png");
  }
  EXPECT_TRUE(solved);
  const image::Image sheet = image::read_image(folder / "out/hill-known-blocks.png");
  EXPECT_GT(sheet.width, sheet.height);
  EXPECT_EQ(nlohmann::json::parse(text_of(folder / "out/hill-attacks.json")), numbers);
}

TEST(Audit, PrintsALineAnAttack) {
  const Result result = attack({"--shield", "le", "--attack", "chosen-images"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("chosen-images"));
  EXPECT_THAT(result.out, HasSubstr("every image recovered exactly"));
  EXPECT_THAT(result.out, HasSubstr("for audits only"));
  EXPECT_THAT(result.out, HasSubstr("hides pictures from a casual viewer"));
}

TEST(Audit, RealEncryptionAndKeysOfSingleImagesGiveNothing) {
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"--control", "chacha20"}, {"--control", "ckks"}, {"--per-image"}}) {
    std::vector<std::string> words = {"--shield", "etc", "--attack", "chosen-images", "--json"};
    words.insert(words.end(), how.begin(), how.end());
    const Result result = attack(words);
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(result.json().at("attacks").at(0).at("at_chance")) << how.front();
  }
}

TEST(Audit, TheSameSeedGivesTheSameNumbers) {
  const std::vector<std::string> words = {"--shield", "neuracrypt", "--hidden", "64", "--attack", "ridge", "--json"};
  auto first = attack(words).json(), again = attack(words).json();
  for (auto* one : {&first, &again}) one->at("attacks").at(0).erase("seconds");
  EXPECT_EQ(first, again);
}

TEST(Audit, AttacksAGivenKey) {
  const TemporaryFolder folder;
  image::write_png(folder / "a.png", image::Image(3, 8, 8, 90));
  ASSERT_EQ(obscura({"protect", "--shield", "pe", "--key", folder / "key.json", "--make-key", folder / "a.png",
                     folder / "b.png"})
                .status,
            0);
  const Result result = attack({"--key", folder / "key.json", "--attack", "chosen-images", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.json().at("shield"), "pe");
  EXPECT_EQ(result.json().at("attacks").at(0).at("success"), 1);
  expect_refusal(attack({"--key", folder / "key.json", "--shield", "le"}), 1, "is one of pe, not of le");
}

TEST(Audit, BadInputIsOneLine) {
  const TemporaryFolder folder;
  expect_refusal(attack({}), 2, "name a shield to attack");
  expect_refusal(attack({"--shield", "rot13"}), 2, "rot13");
  expect_refusal(attack({"--shield", "le", "--attack", "magic"}), 2, "there are blind, statistics");
  expect_refusal(attack({"--shield", "le", "--control", "des"}), 2, "des");
  expect_refusal(obscura({"audit", "attack", "--shield", "le", "--images", "1"}), 2, "--images is 2 to");
  expect_refusal(
      obscura({"audit", "attack", "--shield", "le", "--dataset", "drawn", "--images", "4", "--publics", "1"}), 1,
      "1 training images, and 2 are wanted");
  expect_refusal(attack({"--key", folder / "none.json"}), 1, "there is no key");
  put_text(folder / "file", "x");
  const Result blocked = attack({"--shield", "le", "--attack", "key-space", "--out", folder / "file"});
  EXPECT_EQ(blocked.status, 1);
  EXPECT_THAT(blocked.err, HasSubstr("cannot make the folder"));
  const Result other = attack({"--shield", "le", "--attack", "ridge"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("the attack ridge is on neuracrypt, color-neuracrypt, not on le"));
  for (const char* name : {"a.png", "b.png", "c.png", "d.png", "e.png"}) {
    image::write_png(folder / name, image::Image(3, 8, 8, 40));
  }
  const Result few = obscura({"audit", "attack", "--shield", "le", "--dataset", folder.path()});
  EXPECT_EQ(few.status, 1);
  EXPECT_EQ(few.error_lines(), 1U) << few.err;
}

}  // namespace
}  // namespace obscura::cli
