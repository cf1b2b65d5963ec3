#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

image::Image noise(std::size_t channels, std::size_t side, unsigned seed) {
  std::mt19937 random(seed);
  image::Image picture(channels, side, side);
  for (auto& v : picture.pixels) v = static_cast<std::uint8_t>(random() >> 24);
  return picture;
}

image::Image slope(std::size_t side) {
  image::Image picture(1, side, side);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = static_cast<std::uint8_t>(i % side + i / side);
  }
  return picture;
}

/// Pictures in a folder of its own.
struct Pictures {
  TemporaryFolder folder;
  std::string put(const std::string& name, const image::Image& picture) const {
    const fs::path file = folder / name;
    fs::create_directories(file.parent_path());
    image::write_png(file, picture);
    return file.string();
  }
};

Result images(std::vector<std::string> words) {
  words.insert(words.begin(), {"audit", "images"});
  return obscura(words);
}

const nlohmann::json& check_of(const nlohmann::json& all, const std::string& picture, const std::string& test) {
  for (const auto& check : all.at("checks")) {
    if (check.at("picture") == picture && check.at("test") == test) return check;
  }
  throw std::runtime_error("no check of " + picture + " " + test);
}

TEST(AuditImages, MeasuresAPairAndAChangedOne) {
  const Pictures p;
  const auto result = images({p.put("plain.png", slope(64)), p.put("protected.png", noise(1, 64, 1)), "--changed",
                              p.put("changed.png", noise(1, 64, 2)), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  const auto& pair = json.at("pairs").at(0);
  EXPECT_NEAR(pair.at("plain").at("channels").at(0).at("neighbours").at("horizontal").at("r"), 1, 0.01);
  EXPECT_GT(pair.at("protected").at("channels").at(0).at("entropy"), 7.9);
  EXPECT_NEAR(pair.at("protected").at("channels").at(0).at("uniform_entropy"), 7.955, 0.005);
  EXPECT_NEAR(pair.at("changed").at("npcr"), 255.0 / 256, 0.005);
  EXPECT_NEAR(pair.at("changed").at("uaci"), 257.0 / 768, 0.02);
  EXPECT_EQ(pair.at("changed").at("critical").at(0).at("alpha"), 0.05);
  EXPECT_LT(pair.at("against_plain").at("psnr"), 12);
  EXPECT_EQ(check_of(json, "plain", "horizontal").at("passed"), 0);
  EXPECT_EQ(check_of(json, "protected", "npcr").at("passed"), 1);
  EXPECT_THAT(json.at("caution"), HasSubstr("says nothing about security"));
}

TEST(AuditImages, AShuffledPictureKeepsItsHistogramAndPassesByItsNeighbours) {
  const Pictures p;
  image::Image shuffled = slope(64);
  std::mt19937 random(5);
  std::shuffle(shuffled.pixels.begin(), shuffled.pixels.end(), random);
  const auto result = images({p.put("a.png", slope(64)), p.put("b.png", shuffled), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(check_of(json, "protected", "histogram").at("passed"), 0);
  EXPECT_EQ(check_of(json, "protected", "horizontal").at("passed"), 1);
  const auto& pair = json.at("pairs").at(0);
  EXPECT_EQ(pair.at("plain").at("channels").at(0).at("entropy"),
            pair.at("protected").at("channels").at(0).at("entropy"));
  EXPECT_TRUE(pair.at("changed").is_null());
}

TEST(AuditImages, PairsFoldersByNameAndSaysWhatIsAlone) {
  const Pictures p;
  p.put("plain/x/1.png", slope(40)), p.put("plain/2.png", slope(40)), p.put("plain/3.png", slope(40));
  p.put("safe/x/1.png", noise(1, 40, 1)), p.put("safe/2.png", noise(1, 40, 2)), p.put("safe/4.png", noise(1, 40, 3));
  const auto result = images({p.folder / "plain", p.folder / "safe", "--out", p.folder / "out"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("1 of 3 pictures of"));
  EXPECT_EQ(result.error_lines(), 2U) << result.err;
  EXPECT_THAT(result.out, HasSubstr("says nothing about security"));
  const auto json = nlohmann::json::parse(text_of(p.folder / "out/report.json"));
  EXPECT_EQ(json.at("pairs").size(), 2U);
  EXPECT_THAT(text_of(p.folder / "out/report.html"), HasSubstr("data:image/png;base64,"));
  const image::Image sheet = image::read_image(p.folder / "out/pictures/001.png");
  EXPECT_GT(sheet.width, 2 * sheet.height);
  EXPECT_TRUE(fs::exists(p.folder / "out/pictures/002.png"));
}

TEST(AuditImages, ComparesWhatCanBeComparedAndSaysTheRest) {
  const Pictures p;
  const auto result = images(
      {p.put("a.png", slope(32)), p.put("b.png", noise(3, 40, 1)), "--changed", p.put("c.png", noise(3, 20, 1))});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("not compared: the plain picture is 32x32 grey, the protected one 40x40 in colour"));
  EXPECT_THAT(result.out, HasSubstr("c.png is 20x20 in colour"));
  EXPECT_THAT(result.out, HasSubstr("blue"));
  EXPECT_THAT(result.out, Not(HasSubstr("PSNR 1")));
}

TEST(AuditImages, TooFewPixelsHaveNoP) {
  const Pictures p;
  const auto result = images({p.put("a.png", slope(20)), p.put("b.png", noise(1, 20, 1)), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.json().at("pairs").at(0).at("protected").at("channels").at(0).at("p").is_null());
}

TEST(AuditImages, RefusesWhatIsNoPair) {
  const Pictures p;
  const std::string a = p.put("a.png", slope(16)), b = p.put("b.png", slope(16));
  p.put("one/x.png", slope(16)), p.put("two/y.png", slope(16));
  const std::string one = p.folder / "one", two = p.folder / "two";
  const auto refused = [](const std::vector<std::string>& words, int status, const std::string& problem) {
    const Result result = images(words);
    EXPECT_EQ(result.status, status) << problem << result.err;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(problem));
  };
  refused({a}, 2, "expected pairs");
  refused({a, b, a}, 2, "expected pairs");
  refused({one, b}, 2, "folders and files mixed");
  refused({one, two}, 2, "has one of the same name");
  refused({a, b, a, b, "--changed", b}, 2, "--changed is one picture");
  refused({one, one, "--changed", b}, 2, "expected a folder");
  refused({a, p.folder / "none.png"}, 1, "none.png");
  put_text(p.folder / "text.png", "no picture");
  refused({a, p.folder / "text.png"}, 1, "text.png");
  refused({a, b, "--html", a}, 1, "a.png");
}

}  // namespace
}  // namespace obscura::cli
