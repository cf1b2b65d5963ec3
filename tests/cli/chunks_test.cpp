#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Left half flat, right half a chessboard of fields of 2 pixels.
image::Image half_flat(std::size_t height, std::size_t width) {
  image::Image picture(1, height, width, 40);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = width / 2; x < width; ++x) {
      picture.at(y, x) = (y / 2 + x / 2) % 2 == 0 ? 20 : 220;
    }
  }
  return picture;
}

void expect_refusal(const Result& result, int status, const std::string& problem) {
  EXPECT_EQ(result.status, status) << problem;
  EXPECT_EQ(result.error_lines(), 1U) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr(problem));
}

TEST(Chunks, DrawsAndListsWhatWouldBeEncrypted) {
  const TemporaryFolder folder;
  image::write_png(folder / "in.png", half_flat(112, 112));
  const std::vector<std::string> words = {"chunks", folder / "in.png", "--out", folder / "map.png", "--no-equalise"};
  const Result result = obscura(words);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("16 chunks of 28x28 (4 rows of 4)"));
  EXPECT_THAT(result.out, HasSubstr("     -1     -2     +3     +4\n     -5     -6     +7     +8\n"));
  EXPECT_THAT(result.out, HasSubstr("8 of 16 chunks encrypted (50.00 %)"));
  const image::Image map = image::read_image(folder / "map.png");
  EXPECT_GE(map.width, 600U);
  EXPECT_EQ(map.channels, 3U);
  // The picture is drawn six times as large: a flat chunk stays grey, an encrypted one is tinted.
  EXPECT_EQ(map.at(100, 100, 0), map.at(100, 100, 2));
  EXPECT_NE(map.at(100, 650, 0), map.at(100, 650, 2));
  auto more = words;
  more.emplace_back("--json");
  const auto json = obscura(more).json();
  EXPECT_EQ(json.at("encrypted"), 8);
  EXPECT_EQ(json.at("threshold"), 100);
  EXPECT_EQ(json.at("scores").size(), 16U);
  EXPECT_EQ(json.at("indices").at(2), 3);
}

TEST(Chunks, ResizesAndEqualisesUnlessToldOtherwise) {
  const TemporaryFolder folder;
  image::write_png(folder / "in.png", half_flat(100, 100));
  const Result usual = obscura({"chunks", folder / "in.png"});
  ASSERT_EQ(usual.status, 0) << usual.err;
  EXPECT_THAT(usual.out, HasSubstr("resized from 100x100 to 112x112; histogram equalised"));
  const Result as_is = obscura({"chunks", folder / "in.png", "--picture", "as-is", "--size", "28x26"});
  ASSERT_EQ(as_is.status, 0) << as_is.err;
  EXPECT_THAT(as_is.out, HasSubstr("16 chunks of 28x26"));
  EXPECT_THAT(as_is.out, HasSubstr("the last column is 16 wide and the last row 22 high"));
}

TEST(Chunks, ATallPictureAndALargeOneAreCutAsTheyAre) {
  const TemporaryFolder folder;
  image::write_png(folder / "large.png", half_flat(1024, 1024));
  image::write_png(folder / "tall.png", half_flat(300, 40));
  const auto large =
      obscura({"chunks", folder / "large.png", "--picture", "as-is", "--out", folder / "map.png", "--json"}).json();
  EXPECT_EQ(large.at("chunks"), 1369);
  EXPECT_EQ(image::read_image(folder / "map.png").width, 1024U);
  const auto tall = obscura({"chunks", folder / "tall.png", "--picture", "as-is", "--json"}).json();
  EXPECT_EQ(tall.at("rows"), 11);
  EXPECT_EQ(tall.at("columns"), 2);
}

TEST(Chunks, ThresholdsAtTheEndsAndFromData) {
  const TemporaryFolder folder;
  image::write_png(folder / "in.png", half_flat(112, 112));
  const auto encrypted = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"chunks", folder / "in.png", "--no-equalise", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words).json();
  };
  EXPECT_EQ(encrypted({"--threshold", "1443"}).at("encrypted"), 0);
  EXPECT_EQ(encrypted({"--threshold", "0", "--score", "maximum"}).at("encrypted"), 12);  // beside the border, too
  const auto chosen = encrypted({"--auto-threshold"});
  EXPECT_EQ(chosen.at("encrypted"), 8);
  EXPECT_EQ(chosen.at("threshold_source"), "by Otsu over the 16 scores of the picture");
  for (const char* name : {"set/a/1.png", "set/a/2.png", "set/b/1.png", "set/b/2.png"}) {
    fs::create_directories((folder / name).parent_path());
    image::write_png(folder / name, half_flat(112, 112));
  }
  const auto of_set = encrypted({"--auto-threshold", "--dataset", folder / "set"});
  EXPECT_EQ(of_set.at("encrypted"), 8);
  EXPECT_THAT(of_set.at("threshold_source"), HasSubstr("training pictures of set"));
}

TEST(Chunks, BadInputIsOneLine) {
  const TemporaryFolder folder;
  const std::string in = folder / "in.png";
  image::write_png(in, half_flat(30, 40));
  put_text(folder / "no.png", "nothing");
  expect_refusal(obscura({"chunks", in, "--picture", "as-is", "--size", "41"}), 1,
                 "chunks of 41x41 (width x height) are larger than the picture of 40x30");
  for (const char* size : {"0", "28x", "x28", "-3", "28x26x3", "many"}) {
    expect_refusal(obscura({"chunks", in, std::string("--size=") + size}), 2, "--size is '");
  }
  for (const char* threshold : {"-1", "1444", "nan"}) {
    expect_refusal(obscura({"chunks", in, std::string("--threshold=") + threshold}), 2, "expected a gradient from 0");
  }
  expect_refusal(obscura({"chunks", in, "--picture", "small"}), 2, "--picture is 'small', expected as-is");
  expect_refusal(obscura({"chunks", in, "--score", "median"}), 2, "--score");
  expect_refusal(obscura({"chunks", in, "--threshold", "9", "--auto-threshold"}), 2, "exclude each other");
  expect_refusal(obscura({"chunks", in, "--dataset", "neu-cls"}), 2, "--dataset is what --auto-threshold chooses by");
  expect_refusal(obscura({"chunks", folder / "no.png"}), 1, "no.png");
  expect_refusal(obscura({"chunks", folder / "missing.png"}), 1, "missing.png");
  expect_refusal(obscura({"chunks", in, "--out", in}), 1, "it is an input of this command");
  expect_refusal(obscura({"chunks", in, "--picture", "9000", "--size", "1"}), 1, "take larger chunks");
  expect_refusal(obscura({"chunks"}), 2, "picture");
}

}  // namespace
}  // namespace obscura::cli
