// reproduce chunked, on a data set of two classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Large grey pictures: stripes, and a smooth slope with a patch of stripes.
void put_dataset(const fs::path& folder) {
  for (const bool striped : {true, false}) {
    const fs::path place = folder / (striped ? "striped" : "smooth");
    fs::create_directories(place);
    for (std::size_t i = 0; i < 10; ++i) {
      image::Image one(1, 112, 112);
      for (std::size_t p = 0; p < one.pixels.size(); ++p) {
        const std::size_t y = p / 112, x = p % 112;
        const bool stripe = striped || (y < 28 && x < 28 * (i % 4));
        one.pixels[p] = static_cast<std::uint8_t>(stripe ? (x / 3 % 2 == 0 ? 20 : 220) + i : 40 + (x + y) / 2 + i);
      }
      image::write_png(place / (std::to_string(100 + i) + ".png"), one);
    }
  }
}

class ReproduceChunked : public testing::Test {
 protected:
  Result reproduce(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {
        "reproduce", "chunked", "--quick", "--threads", "2", "--out", (folder_ / "out").string()};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  fs::path out(const std::string& name) const { return folder_ / ("out/" + name); }
  const TemporaryFolder folder_;
};

TEST_F(ReproduceChunked, QuickRunIsKeptForTheNext) {
  put_dataset(folder_ / "set");
  const std::vector<std::string> words = {"--dataset", (folder_ / "set").string(), "--only",
                                          "seed-features,seed-hidden", "--json"};
  const Result first = reproduce(words);
  ASSERT_EQ(first.status, 0) << first.err;
  const auto report = first.json();
  ASSERT_EQ(report["rows"].size(), 2);
  EXPECT_EQ(report["rows"][0]["problem"], "");
  EXPECT_EQ(report["rows"][0]["result"]["policy"], "features");
  EXPECT_EQ(report["rows"][1]["result"]["bytes"]["upload_min"], report["rows"][1]["result"]["bytes"]["upload_max"]);
  EXPECT_EQ(report["networks"][0]["trained"], true);
  EXPECT_TRUE(report["networks"][0]["plain"]["vote"]["accuracy"].is_number());
  EXPECT_EQ(report["times"]["policies"].size(), 4);
  EXPECT_EQ(report["keys"]["programs"].size(), 5);
  EXPECT_EQ(report["keys_problem"], "");
  for (const auto& program : report["keys"]["programs"]) EXPECT_EQ(program["problem"], "") << program;
  // What was computed of the keys is what was really written.
  EXPECT_EQ(report["keys"]["programs"][1]["evaluation_keys"], report["rows"][0]["result"]["bytes"]["evaluation_keys"]);
  EXPECT_EQ(nlohmann::json::parse(text_of(out("report.json"))), report);
  EXPECT_THAT(text_of(out("report.html")), HasSubstr("A QUICK RUN"));
  EXPECT_THAT(text_of(out("report.md")), HasSubstr("Table 2"));

  const Result second = reproduce(words);
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.json()["rows"], report["rows"]);
  EXPECT_EQ(second.json()["times"], report["times"]);
  EXPECT_EQ(second.err, "");

  // A network that is gone is trained again; one that is something else now is not written over.
  put_text(out("models/chunk-seed-neu.onnx"), "damaged");
  const Result damaged = reproduce(words);
  EXPECT_EQ(damaged.status, 1);
  EXPECT_EQ(text_of(out("models/chunk-seed-neu.onnx")), "damaged");
  fs::remove(out("models/chunk-seed-neu.onnx"));
  const Result third = reproduce(words);
  ASSERT_EQ(third.status, 0) << third.err;
  EXPECT_THAT(third.err, HasSubstr("training chunk-seed"));
}

TEST_F(ReproduceChunked, MissingDataIsOneLine) {
  const Result result = reproduce({"--data", folder_.path().string()});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("neu-cls"));
  EXPECT_FALSE(fs::exists(out("")));
}

TEST_F(ReproduceChunked, UnknownRowsAndForeignOptionsAreUsageErrors) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--only", "seed-some"},
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
