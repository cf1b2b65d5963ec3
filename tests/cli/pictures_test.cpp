// Picture files as owners have them, through the program: what is refused, what is said, and folders in one query.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string big(std::size_t v) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift));
  return out;
}

/// A PNG with one more chunk behind its header, which ends at byte 33.
std::string png_with(const image::Image& image, const std::string& kind, const std::string& data) {
  const auto bytes = image::encode_png(image);
  const std::string body = kind + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  std::string out(bytes.begin(), bytes.end());
  return out.insert(33, big(data.size()) + body + big(crc));
}

class Pictures : public testing::Test {
 protected:
  static std::string keys(const std::string& mode) {
    static const TemporaryFolder folder;
    const fs::path path = folder / mode;
    if (!fs::exists(path)) {
      const Result made = obscura({"keygen", "--network", kModel, "--mode", mode, "--out", path.string()});
      EXPECT_EQ(made.status, 0) << made.err;
    }
    return path.string();
  }

  Result encrypt(const std::string& mode, const std::vector<std::string>& words) const {
    std::vector<std::string> all = {"encrypt", "--keys", keys(mode), "--out", at("query.ct")};
    all.insert(all.end(), words.begin(), words.end());
    return obscura(all);
  }

  /// The classes of the last query.
  std::vector<int> classes(const std::string& mode) const {
    EXPECT_EQ(obscura({"classify", "--network", kModel, "--eval-keys", keys(mode) + "/evaluation.key", at("query.ct"),
                       "--out", at("answer.ct")})
                  .status,
              0);
    std::vector<int> out;
    const auto report = obscura({"decrypt", "--keys", keys(mode), at("answer.ct"), "--json"}).json();
    for (const auto& image : report["images"]) out.push_back(image["class"]);
    return out;
  }

  void expect_refused(const Result& result, const std::string& problem) const {
    EXPECT_EQ(result.status, 1) << problem;
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr(problem));
    EXPECT_FALSE(fs::exists(at("query.ct")));
  }

  std::string at(const std::string& name) const { return (work_ / name).string(); }

  TemporaryFolder work_;
};

TEST_F(Pictures, AFolderIsOneQueryInTheOrderOfNames) {
  fs::create_directories(at("in/more"));
  for (const char* name : {"7-0", "2-0", "4-0", "0-0"}) fs::copy(sample(name), at("in/") + name + ".png");
  fs::copy(sample("1-0"), at("in/.hidden.png"));
  put_text(at("in/list.txt"), "no picture");
  const Result told = encrypt("batched", {at("in")});
  ASSERT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.err, AllOf(HasSubstr("1 file in " + at("in") + " is no image"), HasSubstr("1 more folders in it")));
  EXPECT_THAT(told.out, HasSubstr("     0  " + at("in/0-0.png") + "\n     1  " + at("in/2-0.png") + "\n     2  " +
                                  at("in/4-0.png") + "\n     3  " + at("in/7-0.png") + "\n"));
  EXPECT_THAT(told.out, Not(HasSubstr("hidden")));
  EXPECT_EQ(classes("batched"), (std::vector<int>{0, 2, 4, 7}));

  // A file beside its folder is taken once, and twice where it is named twice.
  const Result mixed = encrypt("batched", {at("in/7-0.png"), at("in"), at("in/7-0.png"), "--json"});
  ASSERT_EQ(mixed.status, 0) << mixed.err;
  EXPECT_THAT(mixed.err, AllOf(HasSubstr("taken once"), HasSubstr("is named twice")));
  const auto images = mixed.json()["images"];
  ASSERT_EQ(images.size(), 5);
  EXPECT_EQ(images[0]["file"], at("in/7-0.png"));
  EXPECT_EQ(images[1]["file"], at("in/0-0.png"));
  EXPECT_EQ(images[4]["file"], at("in/7-0.png"));
  EXPECT_EQ(images[4]["index"], 4);
}

TEST_F(Pictures, MoreThanAQueryHoldsIsRefusedWithTheLimit) {
  fs::create_directories(at("in"));
  for (const char* name : {"7-0", "2-0"}) fs::copy(sample(name), at("in/") + name + ".png");
  const Result many = encrypt("packed", {at("in")});
  EXPECT_EQ(many.status, 2);
  EXPECT_EQ(many.error_lines(), 1);
  EXPECT_THAT(many.err, AllOf(HasSubstr("2 images"), HasSubstr("1 image a query"), HasSubstr("--mode batched")));
  fs::create_directories(at("nothing"));
  expect_refused(encrypt("packed", {at("nothing")}), "no images in the folder");
  expect_refused(encrypt("packed", {at("nowhere")}), "nowhere");
}

TEST_F(Pictures, DamagedFilesAreRefusedByEncryptAndProtect) {
  const auto png = image::encode_png(image::Image(1, 64, 64, 90));
  const std::string whole(png.begin(), png.end());
  const std::vector<std::pair<std::string, std::string>> files = {
      {"cut.png", whole.substr(0, whole.size() - 20)},
      {"cut.pgm", "P5 8 8 255\nabc"},
      {"cut.jpg", "\xFF\xD8\xFF\xE0"},
      {"empty.png", ""},
      {"cut.gif", "GIF89a"},
      {"cut.tif", "II*"},
      {"huge.pgm", "P5 30000 30000 255\nabc"},
  };
  for (const auto& [name, bytes] : files) {
    put_text(at(name), bytes);
    expect_refused(encrypt("packed", {at(name)}), name);
    const Result hidden =
        obscura({"protect", "--key", at("key.json"), "--make-key", "--shield", "hill", at(name), at("out.shield")});
    expect_refused(hidden, name);
    EXPECT_FALSE(fs::exists(at("key.json")));
    EXPECT_FALSE(fs::exists(at("out.shield")));
  }
}

TEST_F(Pictures, WhatReadingLosesIsSaidByEncryptAndProtect) {
  const auto digit = image::read_image(sample("7-0"));
  put_text(at("clear.png"), png_with(digit, "tRNS", std::string("\0\0", 2)));
  std::string deep = "P2 28 28 65535";
  for (const auto v : digit.pixels) deep.append(" ").append(std::to_string(257 * v));
  put_text(at("deep.pgm"), deep + "\n");
  put_text(at("turned.png"),
           png_with(digit, "eXIf", std::string("MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", 26)));
  put_text(at("named.jpg"), text_of(sample("7-0")));
  const std::vector<std::pair<std::string, std::string>> said = {
      {"clear.png", "its transparency is laid on white"},
      {"deep.pgm", "its 16 bits a sample are reduced to 8"},
      {"turned.png", "turned upright by its orientation tag"},
      {"named.jpg", "read as what it is, PNG"}};
  fs::create_directories(at("in"));
  for (const auto& [name, text] : said) {
    const Result encrypted = encrypt("packed", {at(name), "--json"});
    ASSERT_EQ(encrypted.status, 0) << encrypted.err;
    EXPECT_THAT(encrypted.err, HasSubstr("note: " + at(name) + ": " + text));
    EXPECT_THAT(encrypted.json()["images"][0]["notes"][0].get<std::string>(), HasSubstr(text));
    fs::copy(at(name), at("in/") + name);
  }
  const Result hidden =
      obscura({"protect", "--key", at("key.json"), "--make-key", "--shield", "hill", at("in"), at("out"), "--json"});
  ASSERT_EQ(hidden.status, 0) << hidden.err;
  for (const auto& [name, text] : said) EXPECT_THAT(hidden.err, HasSubstr(at("in/") + name + ": " + text));
  EXPECT_THAT(hidden.err, HasSubstr("reveal gives back what was read"));
  EXPECT_EQ(hidden.json()["notes"].size(), 4);
  ASSERT_EQ(obscura({"reveal", "--key", at("key.json"), at("out"), at("back")}).status, 0);
  EXPECT_EQ(image::read_image(at("back/deep.png")), digit);
  EXPECT_EQ(image::read_image(at("back/turned.png")), image::read_image(at("in/turned.png")));
}

TEST_F(Pictures, ProportionsAreKeptOnDemandAndSquashingIsSaid) {
  const auto digit = image::read_image(sample("7-0"));
  image::Image wide(1, 28, 84);
  for (std::size_t y = 0; y < 28; ++y) {
    for (std::size_t x = 0; x < 28; ++x) wide.at(y, 28 + x) = digit.at(y, x);
  }
  image::write_png(at("wide.png"), wide);
  const Result squashed = encrypt("packed", {at("wide.png")});
  ASSERT_EQ(squashed.status, 0) << squashed.err;
  EXPECT_THAT(squashed.err,
              AllOf(HasSubstr("resized from 84x28 to 28x28, which changes its proportions"), HasSubstr("--fit crop")));
  EXPECT_EQ(encrypt("packed", {at("wide.png"), "--fit", "stretch"}).error_lines(), 1);
  const Result cropped = encrypt("packed", {at("wide.png"), "--fit", "crop"});
  ASSERT_EQ(cropped.status, 0) << cropped.err;
  EXPECT_THAT(cropped.err, HasSubstr("cropped from 84x28 to the 28x28 in its middle"));
  EXPECT_EQ(classes("packed"), std::vector<int>{7});
  EXPECT_THAT(encrypt("packed", {at("wide.png"), "--fit", "letterbox"}).err, HasSubstr("between black bars"));
  EXPECT_EQ(encrypt("packed", {at("wide.png"), "--fit", "pad"}).status, 2);
}

TEST_F(Pictures, DigitsOnPaperGetAHintAndInvertTurnsThem) {
  const auto digit = image::read_image(sample("7-0"));
  image::write_png(at("paper.png"), image::inverted(digit));
  const Result hinted = encrypt("packed", {at("paper.png")});
  ASSERT_EQ(hinted.status, 0) << hinted.err;
  EXPECT_EQ(hinted.error_lines(), 1) << hinted.err;
  EXPECT_THAT(hinted.err, AllOf(HasSubstr("dark strokes on a bright ground"), HasSubstr("--invert")));
  EXPECT_EQ(encrypt("packed", {sample("7-0")}).err, "");
  const Result turned = encrypt("packed", {at("paper.png"), "--invert"});
  ASSERT_EQ(turned.status, 0) << turned.err;
  EXPECT_THAT(turned.err, HasSubstr("light and dark are turned around"));
  EXPECT_EQ(classes("packed"), std::vector<int>{7});
}

}  // namespace
}  // namespace obscura::cli
