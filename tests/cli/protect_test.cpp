#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using image::Image;
using testing::HasSubstr;

/// A picture of its own for each number.
Image picture(std::size_t channels, std::size_t height, std::size_t width, unsigned number) {
  Image out(channels, height, width);
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    out.pixels[i] = static_cast<std::uint8_t>((i * (37 + number) + i * i / 11) % 256);
  }
  return out;
}

/// A folder "in" of three colour pictures, one in a folder of its own, whose sides are no multiples of 4.
class Protect : public testing::Test {
 protected:
  Protect() {
    fs::create_directories(at("in/birds"));
    image::write_png(at("in/a.png"), picture(3, 32, 32, 1));
    image::write_png(at("in/b.png"), picture(3, 18, 31, 2));
    image::write_png(at("in/birds/c.png"), picture(3, 5, 7, 3));
  }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  Result protect(std::vector<std::string> more, const std::string& in = "in", const std::string& out = "out") const {
    std::vector<std::string> words = {"protect", "--key", at("key.json")};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {at(in), at(out)});
    return obscura(words);
  }

  Result reveal(const std::string& in = "out", const std::string& back = "back") const {
    return obscura({"reveal", "--key", at("key.json"), at(in), at(back)});
  }

  void expect_back() const {
    for (const char* name : {"/a.png", "/b.png", "/birds/c.png"}) {
      EXPECT_EQ(image::read_image(at("back") + name), image::read_image(at("in") + name)) << name;
    }
  }

  /// One line, exit code 1, nothing left behind.
  void expect_refusal(const Result& result, const std::string& problem) const {
    EXPECT_EQ(result.status, 1) << problem;
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(problem));
    for (const auto& name : folder_.files()) EXPECT_THAT(name, testing::Not(HasSubstr(".partial")));
  }

  TemporaryFolder folder_;
};

TEST_F(Protect, ThereAndBackWithEveryShield) {
  const std::vector<std::vector<std::string>> shields = {{"--shield", "hill", "--block", "4"},
                                                         {"--shield", "hill", "--arithmetic", "modular"},
                                                         {"--shield", "le"},
                                                         {"--shield", "pe"},
                                                         {"--shield", "ele"},
                                                         {"--shield", "etc", "--block", "8"},
                                                         {"--shield", "etc-grayscale"}};
  for (const auto& shield : shields) {
    for (const bool own : {false, true}) {
      for (const char* name : {"key.json", "out", "back"}) fs::remove_all(at(name));
      auto words = shield;
      words.push_back("--make-key");
      if (own) words.push_back("--per-image");
      const Result hidden = protect(words);
      ASSERT_EQ(hidden.status, 0) << hidden.err;
      EXPECT_THAT(hidden.out, HasSubstr("not from an attacker"));
      const Result back = reveal();
      ASSERT_EQ(back.status, 0) << back.err;
      EXPECT_THAT(back.out, HasSubstr("3 images"));
      expect_back();
    }
  }
}

TEST_F(Protect, TheKeyIsItsOwnersAndStays) {
  ASSERT_EQ(protect({"--shield", "le", "--make-key"}).status, 0);
  struct stat status {};
  ASSERT_EQ(::stat(at("key.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
  const std::string key = text_of(at("key.json"));
  expect_refusal(protect({"--shield", "le", "--make-key"}, "in", "out2"), "already");
  EXPECT_EQ(text_of(at("key.json")), key);
  // The key says what to do; the same key does the same.
  ASSERT_EQ(protect({}, "in", "out2").status, 0);
  EXPECT_EQ(text_of(at("out/b.png")), text_of(at("out2/b.png")));
  expect_refusal(protect({"--shield", "pe"}, "in", "out3"), "key.json");
  expect_refusal(protect({"--block", "8"}, "in", "out3"), "key.json");
  expect_refusal(protect({"--arithmetic", "real"}, "in", "out3"), "key.json");
}

TEST_F(Protect, JsonTellsWhatWasDone) {
  const Result result = protect({"--shield", "hill", "--make-key", "--per-image", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["shield"], "hill");
  EXPECT_EQ(json["block"], 4);
  EXPECT_EQ(json["arithmetic"], "real");
  EXPECT_EQ(json["keys"], "per-image");
  EXPECT_EQ(json["images"], 3);
  EXPECT_EQ(json["seed_bits"], 256);
  EXPECT_GT(json["key_space_bits"], 1000);
  EXPECT_GT(json["images_per_second"], 0);
  EXPECT_GT(json["seconds"]["transform"], 0);
  EXPECT_THAT(json["promise"].get<std::string>(), HasSubstr("not from an attacker"));
  EXPECT_TRUE(fs::exists(at("out/birds/c.shield")));
  EXPECT_TRUE(fs::exists(at("out/birds/c.view.png")));
  EXPECT_EQ(obscura({"reveal", "--json", "--key", at("key.json"), at("out"), at("back")}).json()["images"], 3);
}

TEST_F(Protect, OneImageIsOneFile) {
  ASSERT_EQ(protect({"--shield", "hill", "--make-key"}, "in/a.png", "a.shield").status, 0);
  EXPECT_TRUE(fs::exists(at("a.view.png")));
  ASSERT_EQ(reveal("a.shield", "a.png").status, 0);
  EXPECT_EQ(image::read_image(at("a.png")), image::read_image(at("in/a.png")));
  EXPECT_EQ(protect({}, "in/a.png", "a.jpg").status, 2);
  EXPECT_EQ(reveal("a.shield", "b.jpg").status, 2);
}

TEST_F(Protect, ADataSet) {
  const Result result = obscura({"protect", "--shield", "hill", "--key", at("key.json"), "--make-key", "--dataset",
                                 "samples", "--split", "test", "--limit", "20", at("out")});
  ASSERT_EQ(result.status, 0) << result.err;
  ASSERT_EQ(reveal().status, 0);
  std::size_t images = 0;
  for (const auto& entry : fs::recursive_directory_iterator(at("back"))) images += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(images, 20);
}

TEST_F(Protect, GreyNeedsAWordWhereColoursAreShuffled) {
  fs::remove_all(at("in"));
  fs::create_directories(at("in"));
  image::write_png(at("in/grey.png"), picture(1, 12, 12, 1));
  for (const char* shield : {"le", "pe", "ele", "etc", "etc-grayscale"}) {
    expect_refusal(protect({"--shield", shield, "--make-key"}), "--colour");
    EXPECT_FALSE(fs::exists(at("key.json")));
    EXPECT_FALSE(fs::exists(at("out")));
  }
  ASSERT_EQ(protect({"--shield", "le", "--make-key", "--colour"}).status, 0);
  ASSERT_EQ(reveal().status, 0);
  EXPECT_EQ(image::to_grey(image::read_image(at("back/grey.png"))), image::read_image(at("in/grey.png")));
  fs::remove(at("key.json"));
  ASSERT_EQ(protect({"--shield", "hill", "--make-key"}, "in", "out2").status, 0);
}

TEST_F(Protect, NetworksMakeRealSamplesWithAViewAndNoWayBack) {
  for (const std::string shield : {"neuracrypt", "color-neuracrypt"}) {
    for (const bool own : {false, true}) {
      for (const char* name : {"key.json", "out", "again", "back"}) fs::remove_all(at(name));
      std::vector<std::string> words = {"--shield", shield, "--patch", "4", "--depth", "2", "--make-key", "--json"};
      if (own) words.push_back("--per-image");
      const Result hidden = protect(words);
      ASSERT_EQ(hidden.status, 0) << hidden.err;
      const auto json = hidden.json();
      EXPECT_EQ(json["arithmetic"], "real");
      EXPECT_EQ(json["depth"], 2);
      EXPECT_EQ(json["hidden"], shield == "neuracrypt" ? 256 : 48);
      EXPECT_EQ(json["statistics"], "frozen");
      EXPECT_THAT(json["promise"].get<std::string>(), HasSubstr("not from an attacker"));
      EXPECT_TRUE(fs::exists(at("out/birds/c.shield")));
      EXPECT_EQ(image::read_image(at("out/a.view.png")).height, shield == "neuracrypt" ? 64U : 32U);
      ASSERT_EQ(
          protect(own ? std::vector<std::string>{"--per-image"} : std::vector<std::string>{}, "in", "again").status, 0);
      EXPECT_EQ(text_of(at("out/b.shield")) == text_of(at("again/b.shield")), !own);
      const Result back = reveal();
      expect_refusal(back, shield);
      EXPECT_THAT(back.err, HasSubstr("audit attack"));
      EXPECT_FALSE(fs::exists(at("back")));
    }
  }
}

TEST_F(Protect, StatisticsAreFrozenOrOfABatch) {
  const std::vector<std::string> small = {"--shield", "color-neuracrypt", "--patch", "4", "--depth", "1", "--make-key"};
  const auto with = [&](std::vector<std::string> more) {
    fs::remove(at("key.json"));
    more.insert(more.begin(), small.begin(), small.end());
    return more;
  };
  ASSERT_EQ(protect(with({"--calibrate", "samples"})).status, 0);
  EXPECT_THAT(text_of(at("key.json")), HasSubstr("variances"));
  ASSERT_EQ(protect(with({"--calibrate", at("in")}), "in", "out2").status, 0);
  ASSERT_EQ(protect(with({"--statistics", "batch"}), "in", "out3").status, 0);
  EXPECT_THAT(text_of(at("key.json")), testing::Not(HasSubstr("variances")));
  ASSERT_EQ(protect({"--batch", "1"}, "in", "out4").status, 0);
  EXPECT_NE(text_of(at("out3/a.shield")), text_of(at("out4/a.shield")));
  expect_refusal(protect({"--per-image"}, "in", "out5"), "batch");
  expect_refusal(protect({"--statistics", "frozen"}, "in", "out5"), "frozen statistics");
  expect_refusal(protect({"--depth", "2"}, "in", "out5"), "depth 2");
  expect_refusal(protect({"--hidden", "99"}, "in", "out5"), "width 99");
  EXPECT_EQ(protect(with({"--calibrate", "nowhere"}), "in", "out5").status, 2);
  EXPECT_FALSE(fs::exists(at("key.json")));
  const Result linear =
      protect({"--shield", "neuracrypt", "--patch", "4", "--depth", "-1", "--make-key"}, "in", "out6");
  EXPECT_EQ(linear.status, 0) << linear.err;
}

TEST_F(Protect, NetworkKeysStateTheirChannels) {
  fs::create_directories(at("grey"));
  image::write_png(at("grey/g.png"), picture(1, 12, 12, 1));
  const std::vector<std::string> small = {"--shield", "neuracrypt", "--patch", "4", "--depth", "1", "--make-key"};
  ASSERT_EQ(protect(small, "grey", "out").status, 0);
  expect_refusal(protect({}, "in", "out2"), "grey images only");
  fs::remove(at("key.json"));
  ASSERT_EQ(protect(small, "in", "out2").status, 0);
  expect_refusal(protect({}, "grey", "out3"), "--colour");
  ASSERT_EQ(protect({"--colour"}, "grey", "out3").status, 0);
  fs::remove(at("key.json"));
  expect_refusal(protect({"--shield", "color-neuracrypt", "--make-key"}, "grey", "out4"), "--colour");
  EXPECT_FALSE(fs::exists(at("key.json")));
}

TEST_F(Protect, WhatIsNoImageStopsAllOfIt) {
  put_text(at("in/notes.txt"), "left out");
  const Result noted = protect({"--shield", "le", "--make-key"});
  EXPECT_EQ(noted.status, 0);
  EXPECT_THAT(noted.err, HasSubstr("1 files"));
  fs::remove(at("in/notes.txt"));
  put_text(at("in/bad.png"), "no picture");
  expect_refusal(protect({}, "in", "out2"), "bad.png");
  EXPECT_FALSE(fs::exists(at("out2")));
  expect_refusal(protect({}, "nowhere", "out2"), "nowhere");
  expect_refusal(protect({}, "in/birds", "out"), "no empty folder");
  fs::create_directories(at("nothing"));
  expect_refusal(protect({}, "nothing", "out2"), "no images");
  fs::remove(at("in/bad.png"));
  fs::copy(at("in/a.png"), at("in/a.bmp"));
  expect_refusal(protect({}, "in", "out2"), "one file");
}

TEST_F(Protect, WrongKeysAreNamed) {
  expect_refusal(protect({"--shield", "le"}), "--make-key");
  ASSERT_EQ(protect({"--shield", "le", "--make-key"}).status, 0);
  fs::rename(at("key.json"), at("first.json"));
  ASSERT_EQ(protect({"--shield", "le", "--make-key"}, "in", "out2").status, 0);
  expect_refusal(reveal(), "another key");
  fs::remove(at("key.json"));
  ASSERT_EQ(protect({"--shield", "etc", "--make-key"}, "in", "out3").status, 0);
  expect_refusal(reveal(), "made by le");
  EXPECT_FALSE(fs::exists(at("back")));
  const std::string first = text_of(at("first.json"));
  put_text(at("key.json"), first.substr(0, first.size() / 2));
  expect_refusal(reveal(), "key.json");
  fs::remove(at("key.json"));
  expect_refusal(reveal(), "key.json");
}

TEST_F(Protect, MistakesOnTheCommandLineAreTwo) {
  const std::vector<std::vector<std::string>> mistakes = {
      {"--make-key"},
      {"--make-key", "--shield", "caesar"},
      {"--make-key", "--shield", "hill", "--block", "99"},
      {"--make-key", "--shield", "hill", "--block", "40"},
      {"--make-key", "--shield", "le", "--arithmetic", "real"},
      {"--make-key", "--shield", "hill", "--arithmetic", "imaginary"},
      {"--make-key", "--shield", "le", "--dataset", "samples"},
      {"--make-key", "--shield", "le", "--depth", "2"},
      {"--make-key", "--shield", "le", "--calibrate", "samples"},
      {"--make-key", "--shield", "neuracrypt", "--arithmetic", "modular"},
      {"--make-key", "--shield", "neuracrypt", "--patch", "40"},
      {"--make-key", "--shield", "neuracrypt", "--depth", "-2"},
      {"--make-key", "--shield", "neuracrypt", "--calibrate", "nowhere"},
      {"--make-key", "--shield", "neuracrypt", "--statistics", "melted"},
      {"--make-key", "--shield", "neuracrypt", "--statistics", "batch", "--calibrate", "samples"},
  };
  for (const auto& words : mistakes) {
    const Result result = protect(words);
    EXPECT_EQ(result.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_FALSE(fs::exists(at("key.json")));
  }
  EXPECT_EQ(obscura({"protect", "--key", at("key.json")}).status, 2);
  EXPECT_EQ(obscura({"reveal", "--key", at("key.json"), "in"}).status, 2);
}

}  // namespace
}  // namespace obscura::cli
