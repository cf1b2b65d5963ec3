// reproduce rcnn, on a data set of two classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

/// Small colour pictures: stripes that run across, and others that run down.
void put_dataset(const fs::path& folder) {
  for (const bool across : {true, false}) {
    for (const bool train : {true, false}) {
      const fs::path place = folder / (train ? "train" : "test") / (across ? "across" : "down");
      fs::create_directories(place);
      for (std::size_t i = 0; i < (train ? 30U : 6U); ++i) {
        image::Image one(3, 32, 32);
        for (std::size_t p = 0; p < one.pixels.size(); ++p) {
          const std::size_t y = p / 3 / 32, x = p / 3 % 32, along = (across ? y : x) + i;
          one.pixels[p] = static_cast<std::uint8_t>((along / 4 % 2 == 0 ? 30 : 200) + 7 * (i % 6) + 5 * (p % 3));
        }
        image::write_png(place / (std::to_string(100 + i) + ".png"), one);
      }
    }
  }
}

class ReproduceRcnn : public testing::Test {
 protected:
  Result reproduce(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"reproduce", "rcnn", "--quick", "--threads", "2", "--out", out("").string()};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  fs::path out(const std::string& name) const { return folder_ / ("out/" + name); }
  const TemporaryFolder folder_;
};

TEST_F(ReproduceRcnn, QuickRunIsKeptForTheNext) {
  put_dataset(folder_ / "set");
  const std::vector<std::string> words = {"--dataset", (folder_ / "set").string(),
                                          "--epochs",  "1",
                                          "--only",    "literal,bits-gini,bits-all,trusted,blind-bits",
                                          "--json"};
  const Result first = reproduce(words);
  ASSERT_EQ(first.status, 0) << first.err;
  const auto report = first.json();
  ASSERT_EQ(report["rows"].size(), 5);
  ASSERT_EQ(report["networks"].size(), 1) << "no row needs the embedding";
  EXPECT_EQ(report["networks"][0]["problem"], "");
  EXPECT_EQ(report["networks"][0]["trained"], true);
  EXPECT_EQ(report["networks"][0]["test"]["images"], 12);
  EXPECT_EQ(report["networks"][0]["curve"]["epochs"].size(), 1);
  ASSERT_EQ(report["galleries"].size(), 2);
  for (const auto& gallery : report["galleries"]) EXPECT_EQ(gallery["result"]["images"], 60) << gallery;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(report["rows"][i]["problem"], "");
    EXPECT_GT(report["rows"][i]["result"]["map"], 0.3) << i;
  }
  EXPECT_EQ(report["features"]["features"], 2048);
  EXPECT_EQ(report["features"]["forests"].size(), 3);
  EXPECT_EQ(report["rows"][3]["result"].size(), 2) << "a search for each class";
  EXPECT_EQ(report["rows"][3]["result"][0]["steps"].size(), 12);
  // Scores of codes are exact, so distances are whole numbers of bits.
  for (const auto& search : report["rows"][4]["result"]) {
    ASSERT_EQ(search["results"].size(), 5);
    for (const auto& hit : search["results"]) {
      const double bits = hit["distance"];
      EXPECT_TRUE(bits == std::round(bits) && bits >= 0 && bits <= 600) << bits;
    }
  }
  EXPECT_EQ(nlohmann::json::parse(text_of(out("report.json"))), report);
  EXPECT_THAT(text_of(out("report.html")), HasSubstr("A QUICK RUN"));
  EXPECT_THAT(text_of(out("report.html")), HasSubstr("data:image/png;base64,"));
  EXPECT_THAT(text_of(out("report.md")), HasSubstr("found/trusted-0/sheet.png"));
  EXPECT_TRUE(fs::exists(out("found/trusted-0/sheet.png")));

  const Result second = reproduce(words);
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.json()["rows"][0], report["rows"][0]);
  EXPECT_EQ(second.json()["rows"][3], report["rows"][3]);
  EXPECT_EQ(second.json()["steps"], report["steps"]);
  EXPECT_THAT(second.err, testing::Not(HasSubstr("indexing")));
  EXPECT_THAT(second.err, testing::Not(HasSubstr("training")));
}

TEST_F(ReproduceRcnn, MissingDataIsOneLine) {
  const Result result = reproduce({"--data", folder_.path().string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("cifar-10"));
  EXPECT_FALSE(fs::exists(out("")));
}

TEST_F(ReproduceRcnn, UnknownRowsAndForeignOptionsAreUsageErrors) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--only", "bits-some"},
                                                {"--mode", "packed"},
                                                {"--also-own"},
                                                {"--device", "cpu"},
                                                {"--images", "-3"}}) {
    const Result result = reproduce(words);
    EXPECT_EQ(result.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(result.error_lines(), 1) << result.err;
  }
  EXPECT_FALSE(fs::exists(out("")));
}

}  // namespace
}  // namespace obscura::cli
