#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

/// Two classes that gradients alone tell: where the rough half of a picture lies. Each is another by its grey level.
image::Image rough_half(bool right, std::uint8_t level) {
  image::Image picture(1, 32, 32, level);
  for (std::size_t y = 0; y < 32; ++y) {
    for (std::size_t x = right ? 16 : 0; x < (right ? 32U : 16U); ++x) {
      picture.at(y, x) = (y / 2 + x / 2 + level) % 2 == 0 ? 20 : 220;
    }
  }
  return picture;
}

/// 24 pictures a class, the last of each a duplicate of the first.
void put_pictures(const fs::path& folder) {
  for (int n = 0; n < 24; ++n) {
    for (const bool right : {false, true}) {
      const fs::path place = folder / (right ? "right" : "left");
      fs::create_directories(place);
      const auto level = static_cast<std::uint8_t>(60 + 4 * (n % 23));
      image::write_png(place / (std::to_string(100 + n) + ".png"), rough_half(right, level));
    }
  }
}

Result audit(const fs::path& set, std::vector<std::string> more) {
  std::vector<std::string> words = {"audit", "chunks",  "--dataset", set.string(), "--picture", "as-is",     "--size",
                                    "8",     "--trees", "10",        "--epochs",   "1",         "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return obscura(words);
}

TEST(AuditChunks, MeasuresWhatIsToldAndHiddenTellsNothing) {
  const TemporaryFolder folder;
  put_pictures(folder / "set");
  const Result result = audit(folder / "set", {"--threshold", "100", "--no-equalise", "--folds", "4", "--attack",
                                               "count,map,statistics,inpainting", "--out", folder / "out", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("pictures"), 48);
  EXPECT_EQ(json.at("duplicates"), 2);
  EXPECT_EQ(json.at("chance"), 0.5);
  EXPECT_EQ(json.at("chunks"), 16);
  EXPECT_EQ(json.at("hidden_chunks"), 12);
  ASSERT_EQ(json.at("rows").size(), 3U);
  const auto& features = json.at("rows").at(0);
  EXPECT_EQ(features.at("policy"), "features");
  EXPECT_EQ(features.at("chunks_encrypted"), 0.5);
  EXPECT_EQ(features.at("map").at("different"), 2);
  EXPECT_NEAR(features.at("map").at("class_bits"), 1, 0.03);
  EXPECT_EQ(features.at("class_from").at(1).at("attack"), "map");
  EXPECT_EQ(features.at("class_from").at(1).at("accuracy"), 1);
  // Half of the chunks are encrypted in either class.
  EXPECT_EQ(features.at("class_from").at(0).at("accuracy"), 0.5);
  for (const std::size_t blind : {1U, 2U}) {
    const auto& row = json.at("rows").at(blind);
    EXPECT_EQ(row.at("same_views"), true);
    EXPECT_TRUE(row.at("threshold").is_null());
    EXPECT_EQ(row.at("bytes").at("upload_min"), row.at("bytes").at("upload_max"));
    EXPECT_EQ(row.at("map").at("bits"), 0);
    for (const auto& attack : row.at("class_from")) EXPECT_EQ(attack.at("accuracy"), 0.5) << attack;
    EXPECT_EQ(row.at("inpainting").at("psnr"), row.at("inpainting").at("mean_of_plain").at("psnr"));
  }
  EXPECT_EQ(nlohmann::json::parse(text_of(folder / "out/report.json")), json);
  EXPECT_THAT(text_of(folder / "out/report.html"), HasSubstr("What you save, what you tell"));
  EXPECT_THAT(text_of(folder / "out/report.html"), HasSubstr("data:image/png;base64"));
  EXPECT_THAT(text_of(folder / "out/report.md"), HasSubstr("pictures/features-as-they-are-100.png"));
  EXPECT_GT(image::read_image(folder / "out/pictures/hidden.png").width, 100U);
}

TEST(AuditChunks, PrintsABlockARowAndTrainsANetwork) {
  const TemporaryFolder folder;
  put_pictures(folder / "set");
  const Result result =
      audit(folder / "set", {"--quick", "--threshold", "50,100", "--policy", "features", "--attack", "network"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("48 pictures of set, 2 of them duplicates"));
  EXPECT_THAT(result.out, HasSubstr("histogram equalised, threshold 50, features"));
  EXPECT_THAT(result.out, HasSubstr("as they are, threshold 100, features"));
  EXPECT_THAT(result.out, HasSubstr("network"));
}

TEST(AuditChunks, NeuTellsMoreThanChanceByItsMap) {
  const char* data = std::getenv("OBSCURA_DATA");
  if (data == nullptr || !fs::is_directory(fs::path(data) / "neu-cls")) {
    GTEST_SKIP() << "needs NEU-CLS in $OBSCURA_DATA";
  }
  const Result result = obscura({"audit", "chunks", "--threshold", "100", "--policy", "features", "--attack", "map",
                                 "--trees", "20", "--quick", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  const auto& row = json.at("rows").at(0);
  EXPECT_EQ(json.at("pictures"), 1800);
  EXPECT_NEAR(row.at("chunks_encrypted"), 0.674, 0.005);
  EXPECT_NEAR(row.at("all_plain"), 0.075, 0.005);
  EXPECT_GT(row.at("class_from").at(0).at("interval").at(0), 0.2);
}

TEST(AuditChunks, BadInputIsOneLine) {
  const TemporaryFolder folder;
  put_pictures(folder / "set");
  const auto refused = [&](std::vector<std::string> more, int status, const std::string& problem) {
    const Result result = audit(folder / "set", std::move(more));
    EXPECT_EQ(result.status, status) << problem;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(problem));
  };
  refused({"--threshold", "50,2000"}, 2, "--threshold is 2000, expected a gradient");
  refused({"--threshold", "50,x"}, 2, "--threshold is 'x'");
  refused({"--policy", "features,some"}, 2, "a policy is whole, all, features or hidden");
  refused({"--attack", "magic"}, 2, "--attack is 'magic'");
  refused({"--hidden-chunks", "17"}, 2, "a picture has 16 chunks");
  refused({"--folds", "30"}, 1, "fewer than 30 folds");
  refused({"--folds", "1"}, 2, "--folds");
  refused({"--out", folder / "set/left/100.png"}, 1, "cannot make the folder");
}

}  // namespace
}  // namespace obscura::cli
