// index and search by the command line, on digits drawn by the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kNetwork = std::string(OBSCURA_SOURCE_DIR) + "/models/tenseal-mnist.onnx";
const std::string kOther = std::string(OBSCURA_SOURCE_DIR) + "/models/obscura-s-mnist.onnx";

class SearchTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Result made = index({"--vectors", "output", "--limit", "300", "--json"});
    ASSERT_EQ(made.status, 0) << made.err;
    made_ = made.json();
    ASSERT_EQ(obscura({"data", "draw-digits", "--out", at("digits"), "--count", "10", "--seed", "77"}).status, 0);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static Result index(std::vector<std::string> more) {
    std::vector<std::string> words = {"index", "--dataset", "samples", "--network", kNetwork, "--out", at("gallery")};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static Result search(const std::string& digit, std::vector<std::string> more) {
    std::vector<std::string> words = {
        "search", at("digits/" + digit + "-0.png"), "--gallery", at("gallery"), "--network", kNetwork, "--threads",
        "2"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static std::string at(const std::string& name) { return (*folder_ / name).string(); }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline nlohmann::ordered_json made_;
};

TEST_F(SearchTest, BlindFindsWhatPlainFinds) {
  EXPECT_EQ(made_["images"], 300);
  EXPECT_EQ(made_["dimension"], 10);
  EXPECT_EQ(made_["vectors"], "output");
  for (const char* digit : {"0", "3", "8"}) {
    const auto plain = search(digit, {"--mode", "plain", "--fetch", "plain", "--json"}).json();
    const Result result = search(digit, {"--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto blind = result.json();
    ASSERT_EQ(blind["results"].size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto& one = blind["results"][i];
      EXPECT_EQ(one["label"], digit);
      EXPECT_EQ(one["name"], "samples train " + std::to_string(one["index"].get<int>()));
      EXPECT_NEAR(one["distance"], plain["results"][i]["distance"], 0.004);
    }
    EXPECT_EQ(blind["gallery"], made_["gallery"]);
    EXPECT_GT(blind["bytes"]["keys"], 10000);
    EXPECT_LT(blind["bytes"]["query"], 25000);
    EXPECT_GT(blind["bytes"]["hint"], 100000);
    EXPECT_EQ(plain["bytes"]["hint"], 0);
    EXPECT_THAT(blind["server_saw"].dump(), Not(HasSubstr("in the clear")));
    EXPECT_THAT(plain["server_saw"].dump(), HasSubstr("in the clear"));
  }
}

TEST_F(SearchTest, MoreThanFiveAreFetchedByFives) {
  const Result result = search("4", {"--top", "7", "--out", at("found")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("10 private fetches, of 10 images or fewer"));
  EXPECT_THAT(result.out, HasSubstr("the server saw"));
  for (int i = 1; i <= 7; ++i) EXPECT_EQ(image::read_image(at("found/" + std::to_string(i) + ".png")).width, 28U);
  EXPECT_GT(image::read_image(at("found/sheet.png")).width, 8 * 128U);
}

TEST_F(SearchTest, IndexingIsGoneOnWithAndOtherGalleriesAreLeftAlone) {
  const Result more = index({"--vectors", "output", "--limit", "310", "--json"});
  ASSERT_EQ(more.status, 0) << more.err;
  EXPECT_EQ(more.json()["resumed"], 300);
  EXPECT_EQ(more.json()["added"], 10);
  EXPECT_EQ(index({"--vectors", "output", "--limit", "310", "--json"}).json()["added"], 0);
  const Result fewer = index({"--vectors", "output", "--limit", "50"});
  EXPECT_EQ(fewer.status, 1);
  EXPECT_THAT(fewer.err, HasSubstr("has 310 images already, more than the 50"));
  const Result other = index({"--vectors", "classes", "--limit", "310"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("has a gallery of other pictures, or by another network"));
}

TEST_F(SearchTest, IndexingDoesNotGoOnWithOtherPictures) {
  const auto put = [](const std::string& name, std::uint8_t level) {
    for (const char* place : {"train/a", "train/b", "test/a", "test/b"}) {
      const fs::path folder = fs::path(at("set")) / place;
      fs::create_directories(folder);
      image::write_png(folder / name, image::Image(1, 28, 28, level));
    }
  };
  const auto index_set = [] {
    return obscura(
        {"index", "--dataset", at("set"), "--network", kNetwork, "--vectors", "output", "--out", at("of-set")});
  };
  put("2.png", 100), put("4.png", 200);
  ASSERT_EQ(index_set().status, 0);
  put("6.png", 50);
  EXPECT_EQ(index_set().status, 0) << "behind the last";
  put("1.png", 250);
  const Result between = index_set();
  EXPECT_EQ(between.status, 1);
  EXPECT_THAT(between.err, HasSubstr("has other images than the first"));
}

TEST_F(SearchTest, BadInputIsOneLine) {
  const auto refused = [](const Result& result, int status, const std::string& problem) {
    EXPECT_EQ(result.status, status) << problem;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(problem));
  };
  refused(search("1", {"--top", "1000"}), 2, "--top is 1000, but the gallery has");
  refused(search("1", {"--top", "0"}), 2, "--top is 0");
  refused(search("1", {"--top", "99999999999", "--out", at("many")}), 2, "expected 1 to 1000");
  EXPECT_FALSE(fs::exists(at("many")));
  refused(search("1", {"--mode", "trusted"}), 2, "expected plain or blind-features");
  refused(search("1", {"--fetch", "pir"}), 2, "expected plain or private");
  refused(obscura({"search", at("digits/1-0.png"), "--gallery", at("gallery"), "--network", kOther}), 1,
          "is not the network that");
  refused(obscura({"search", at("digits/1-0.png"), "--gallery", at("digits"), "--network", kNetwork}), 1,
          "is no gallery: it has no gallery.db");
  refused(obscura({"index", "--dataset", "samples", "--network", kNetwork, "--out", at("other"), "--vectors", "some"}),
          2, "expected classes, output or features");
  EXPECT_FALSE(fs::exists(at("other")));
}

}  // namespace
}  // namespace obscura::cli
