// Galleries of features and codes, measured and changed by the command line, on digits drawn by the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

const std::string kOther = std::string(OBSCURA_SOURCE_DIR) + "/models/obscura-s-mnist.onnx";

class GalleryVerbs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    numbers_ = made("numbers", {"--vectors", "features"});
    selected_ = made("selected", {"--vectors", "features", "--features", "24"});
    signs_ = made("signs", {"--vectors", "output", "--codes"});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static Result index(const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> words = {"index", "--dataset", "samples", "--network", kModel, "--out", at(name)};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static nlohmann::json made(const std::string& name, std::vector<std::string> more) {
    more.insert(more.end(), {"--limit", "300", "--json"});
    const Result result = index(name, more);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.json();
  }
  static Result evaluate(const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> words = {"evaluate", "--gallery", at(name), "--network", kModel, "--dataset",
                                      "samples",  "--limit",   "60",     "--threads", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static std::string at(const std::string& name) { return (*folder_ / name).string(); }
  static void refused(const Result& result, int status, const std::string& problem) {
    EXPECT_EQ(result.status, status) << problem;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(problem));
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline nlohmann::json numbers_, selected_, signs_;
};

TEST_F(GalleryVerbs, IndexSaysHowVectorsAreMade) {
  EXPECT_EQ(numbers_["vectors"], "features");
  EXPECT_EQ(numbers_["kind"], "unit");
  EXPECT_EQ(numbers_["dimension"], 64);
  EXPECT_TRUE(numbers_["selection"].is_null());
  EXPECT_EQ(selected_["kind"], "code");
  EXPECT_EQ(selected_["dimension"], 24);
  const auto& selection = selected_["selection"];
  EXPECT_EQ(selection["features"], 64);
  EXPECT_EQ(selection["pictures"], 300);
  EXPECT_EQ(selection["method"], "random forest, 30 trees of depth 10, gini");
  EXPECT_EQ(selection["thresholds"].size(), 24U);
  const auto columns = selection["columns"].get<std::vector<int>>();
  EXPECT_EQ(columns.size(), 24U);
  EXPECT_TRUE(std::ranges::is_sorted(columns));
  EXPECT_EQ(signs_["dimension"], 10);
  EXPECT_EQ(signs_["kind"], "code");
}

TEST_F(GalleryVerbs, SelectionStaysWhereIndexingGoesOn) {
  made("grows", {"--vectors", "features", "--features", "24"});
  const Result more = index("grows", {"--vectors", "features", "--features", "24", "--limit", "350", "--json"});
  ASSERT_EQ(more.status, 0) << more.err;
  EXPECT_EQ(more.json()["added"], 50);
  EXPECT_EQ(more.json()["resumed"], 300);
  EXPECT_EQ(more.json()["selection"], selected_["selection"]);
  refused(index("grows", {"--vectors", "features", "--features", "25", "--limit", "350"}), 1, "or of other vectors");
  refused(index("grows", {"--vectors", "features", "--limit", "350"}), 1, "or of other vectors");
  refused(index("grows", {"--vectors", "features", "--features", "24", "--impurity", "entropy", "--limit", "350"}), 1,
          "or of other vectors");
}

TEST_F(GalleryVerbs, MeasuresBeatTheirNulls) {
  for (const char* name : {"numbers", "selected", "signs"}) {
    const Result result = evaluate(name, {"--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto found = result.json();
    EXPECT_EQ(found["images"], 60);
    EXPECT_EQ(found["limit"], 60);
    EXPECT_EQ(found["mode"], "plain");
    EXPECT_EQ(found["gallery"]["images"], 300);
    EXPECT_EQ(found["gallery"]["version"], 2);
    for (const char* score : {"map", "map_tied", "precision_at_5", "precision_at_5_tied", "precision_at_100"}) {
      const double mean = found[score], null = found[std::string(score) + "_null"];
      const auto interval = found[std::string(score) + "_interval"].get<std::vector<double>>();
      EXPECT_GT(mean, 2 * null) << name << ' ' << score;
      EXPECT_NEAR(null, 0.1, 0.06) << name << ' ' << score << ": ten classes";
      EXPECT_LT(interval[0], mean);
      EXPECT_GE(interval[1], mean);
    }
    EXPECT_TRUE(found["top5_agreement"].is_null());
    EXPECT_EQ(found["bytes"]["keys"], 0);
  }
}

TEST_F(GalleryVerbs, EncryptedCodesMeasureExactlyAlike) {
  for (const char* name : {"selected", "signs"}) {
    const auto plain = evaluate(name, {"--json"}).json();
    const Result result = evaluate(name, {"--mode", "blind-features", "--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto blind = result.json();
    for (const char* score : {"map", "map_tied", "map_null", "precision_at_5", "precision_at_100_tied"}) {
      EXPECT_EQ(blind[score], plain[score]) << name << ' ' << score;
    }
    EXPECT_EQ(blind["top5_agreement"], 1);
    EXPECT_GT(blind["bytes"]["keys"], 100000);
    EXPECT_GT(blind["bytes"]["query"], 20000);
    EXPECT_GT(blind["seconds"]["server"], 0);
  }
}

TEST_F(GalleryVerbs, EncryptedNumbersMeasureNearly) {
  const auto plain = evaluate("numbers", {"--json"}).json();
  const Result result = evaluate("numbers", {"--mode", "blind-features", "--json", "--out", at("measured.json")});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto blind = result.json();
  EXPECT_NEAR(blind["map"].get<double>(), plain["map"].get<double>(), 0.01);
  EXPECT_EQ(blind["top5_as_near"], 1);
  EXPECT_GT(blind["top5_agreement"], 0.4);
  EXPECT_EQ(nlohmann::json::parse(text_of(at("measured.json"))), blind);
  const Result text = evaluate("numbers", {"--mode", "blind-features"});
  EXPECT_THAT(text.out, HasSubstr("labels shuffled"));
  EXPECT_THAT(text.out, HasSubstr("the five nearest are the plain search's for"));
}

TEST_F(GalleryVerbs, DistancesOtherThanTheVectorsOwn) {
  const auto hamming = evaluate("selected", {"--json"}).json();
  for (const char* distance : {"cosine", "unequal"}) {
    const auto same = evaluate("selected", {"--distance", distance, "--json"}).json();
    EXPECT_EQ(same["distance"], distance);
    EXPECT_EQ(same["map_tied"], hamming["map_tied"]) << "of codes they rank alike";
  }
  const auto literal = evaluate("numbers", {"--distance", "unequal", "--json"}).json();
  EXPECT_LT(literal["map"], evaluate("numbers", {"--json"}).json()["map"]);
  refused(evaluate("numbers", {"--distance", "hamming"}), 2, "--distance hamming is for codes");
  refused(evaluate("numbers", {"--distance", "unequal", "--mode", "blind-features"}), 2,
          "cannot be told from encrypted scores");
  refused(evaluate("numbers", {"--distance", "near"}), 2, "a distance is hamming, unequal or cosine");
}

TEST_F(GalleryVerbs, RemovesImagesOrNone) {
  made("shrinks", {"--vectors", "output"});
  const auto remove = [](const std::string& places, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"index", "--out", at("shrinks"), "--remove", places});
    return obscura(more);
  };
  refused(remove("3,300"), 2, "has no image 300 to remove");
  refused(remove("3,3"), 2, "--remove names place 3 twice");
  refused(remove("3,-1"), 2, "expected places of images");
  refused(remove("cat"), 2, "expected places of images");
  refused(remove("99999999999999999999"), 2, "expected places of images");
  refused(remove("3", {"--network", kModel}), 2, "--network is for adding images, not for --remove");
  const Result done = remove("3,17,200", {"--json"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.json()["removed"], 3);
  EXPECT_EQ(done.json()["images"], 297);
  EXPECT_EQ(done.json()["gallery_version"], 3);
  refused(remove("17"), 2, "has no image 17 to remove");
  const auto measured = evaluate("shrinks", {"--mode", "blind-features", "--json"}).json();
  EXPECT_EQ(measured["gallery"]["images"], 297);
  EXPECT_GT(measured["map"], 0.5);
  refused(index("shrinks", {"--vectors", "output", "--limit", "300"}), 1, "has other images than the first");
}

TEST_F(GalleryVerbs, BadInputIsOneLine) {
  refused(evaluate("numbers", {"--mode", "packed"}), 2, "for a gallery");
  refused(evaluate("numbers", {"--simulate"}), 2, "--simulate is for testing a network");
  refused(evaluate("numbers", {"--colour", "rgb"}), 2, "--colour is for testing a network");
  refused(obscura({"evaluate", "--gallery", at("numbers"), "--network", kModel}), 2, "--dataset is required");
  refused(obscura({"evaluate", "--gallery", at("numbers"), "--network", kOther, "--dataset", "samples"}), 1,
          "is not the network that");
  refused(obscura({"evaluate", "--gallery", at("nothing"), "--network", kModel, "--dataset", "samples"}), 1,
          "is no gallery");
  refused(obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "1", "--mode", "plain"}), 2,
          "expected packed or batched");
  refused(obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "1", "--distance", "cosine"}), 2,
          "--distance is for measuring a gallery");
  refused(index("other", {"--vectors", "features", "--features", "65"}), 2, "but the network gives 64");
  refused(index("other", {"--vectors", "features", "--impurity", "gini"}), 2, "--impurity is for the forest");
  refused(index("other", {"--vectors", "features", "--features", "9", "--impurity", "twoing"}), 2,
          "expected gini or entropy");
  EXPECT_FALSE(fs::exists(at("other")));
  refused(obscura({"index", "--network", kModel, "--out", at("other")}), 2, "--dataset is required");
  refused(obscura({"index", "--dataset", "samples", "--out", at("other")}), 2, "--network is required");
}

TEST_F(GalleryVerbs, FeaturesOfOneClassSelectNothing) {
  for (const char* place : {"train/a", "test/a"}) {
    const fs::path folder = fs::path(at("one-class")) / place;
    fs::create_directories(folder);
    for (int n = 0; n < 3; ++n) {
      image::write_png(folder / (std::to_string(n) + ".png"),
                       image::Image(1, 28, 28, static_cast<std::uint8_t>(60 * n + 20)));
    }
  }
  const std::vector<std::string> words = {"index", "--dataset", at("one-class"), "--network", kModel,
                                          "--out", at("other"), "--vectors",     "features"};
  auto selecting = words;
  selecting.insert(selecting.end(), {"--features", "8"});
  refused(obscura(selecting), 2, "all pictures are of one class, or of none");
  EXPECT_FALSE(fs::exists(at("other")));
}

TEST_F(GalleryVerbs, ADamagedSelectionIsSaid) {
  made("damaged", {"--vectors", "features", "--features", "24"});
  auto bytes = text_of(at("damaged/gallery.db"));
  const auto method = bytes.find("random forest, 30 trees");
  ASSERT_NE(method, std::string::npos);
  bytes[method + 60] ^= 1;  // a column
  put_text(at("damaged/gallery.db"), bytes);
  refused(evaluate("damaged", {}), 1, "its selection of features is damaged");
}

}  // namespace
}  // namespace obscura::cli
