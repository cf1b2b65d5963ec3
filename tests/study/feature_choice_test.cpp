// Which features a forest selects, and how bits are made of them.
#include "study/search/feature_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "nn/onnx_write.h"
#include "study/search/vectors.h"
#include "support/temporary.h"

namespace obscura::study {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

TEST(FeatureChoice, TakesWhatTellsClassesApartAndCutsAtTheMedian) {
  // Columns 1 and 3 of five tell three classes apart.
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> features;
  std::vector<std::int64_t> labels;
  for (int row = 0; row < 301; ++row) {
    labels.push_back(row % 3);
    for (int c = 0; c < 5; ++c) {
      const int shift = c == 1 ? row % 3 : c == 3 ? (row + 1) % 3 : 0;
      features.push_back(normal(random) + 4 * static_cast<float>(shift));
    }
  }
  const FeatureWishes wishes{2, false, "entropy"};
  const auto wished = wished_selection(wishes, 5, false);
  EXPECT_TRUE(needs_pictures(wished));
  std::vector<std::string> notes;
  ThreadPool pool(2);
  const auto found = found_selection(wishes, wished, features, labels, 3, pool,
                                     Notes([&](const std::string& line) { notes.push_back(line); }));
  EXPECT_THAT(found.columns, ElementsAre(1, 3));
  EXPECT_EQ(found.pictures, 301U);
  EXPECT_EQ(found.features, 5U);
  EXPECT_EQ(found.method, "random forest, 30 trees of depth 10, entropy");
  ASSERT_EQ(found.thresholds.size(), 2U);
  std::size_t above = 0;
  for (std::size_t row = 0; row < 301; ++row) above += features[5 * row + 1] > found.thresholds[0] ? 1 : 0;
  EXPECT_EQ(above, 150U);
  EXPECT_FALSE(notes.empty());
}

TEST(FeatureChoice, CodesOfAllNumbersNeedNoForest) {
  const FeatureWishes wishes{0, true, ""};
  EXPECT_FALSE(needs_pictures(wished_selection(wishes, 3, true))) << "signs";
  const auto wished = wished_selection(wishes, 3, false);
  ASSERT_TRUE(needs_pictures(wished));
  ThreadPool pool(1);
  const std::vector<float> features = {1, 0, 5, 2, 0, 6, 3, 0, 7};
  const auto found = found_selection(wishes, wished, features, std::vector<std::int64_t>{-1, -1, -1}, 0, pool, {});
  EXPECT_THAT(found.columns, IsEmpty());
  EXPECT_THAT(found.thresholds, ElementsAre(2, 0, 6));
  EXPECT_FALSE(needs_pictures(wished_selection({}, 3, false)));
}

TEST(FeatureChoice, WishesThatCannotBe) {
  const auto refused = [](FeatureWishes wishes, const char* problem) {
    EXPECT_THAT([&] { wished_selection(wishes, 10, false); }, ThrowsMessage<UsageError>(HasSubstr(problem)));
  };
  refused({11, false, ""}, "--features is 11, but the network gives 10");
  refused({0, true, "gini"}, "--impurity is for the forest of --features");
  refused({5, false, "log"}, "expected gini or entropy");
  const FeatureWishes wishes{1, false, ""};
  ThreadPool pool(1);
  const std::vector<float> features = {1, 2, 3, 4};
  for (const std::int64_t label : {-1, 1}) {
    EXPECT_THAT(
        [&] {
          found_selection(wishes, wished_selection(wishes, 2, false), features, std::vector<std::int64_t>(2, label), 2,
                          pool, {});
        },
        ThrowsMessage<UsageError>(HasSubstr("all pictures are of one class, or of none")));
  }
}

TEST(VectorNetworks, MakeVectorsOfFeaturesAsAGallerySays) {
  nn::Graph graph = nn::make_graph("small", {1, 1, 3});
  nn::add_node(graph, "square", nn::Square{}, {0});
  nn::add_node(graph, "dense", nn::Linear{2, {1, 1, 1, 0, 1, -1}, {}}, {1});
  const TemporaryFolder folder;
  nn::write_onnx(graph, folder / "n.onnx");
  const std::vector<std::vector<float>> pictures = {{1, -2, 0}, {0, 0.5F, 3}};
  VectorNetwork all(folder / "n.onnx", kVectorsOfFeatures);
  EXPECT_EQ(all.dimension(), 3U);
  EXPECT_THAT(all.features_of(pictures), ElementsAre(1, 4, 0, 0, 0.25F, 9));
  search::GalleryForm form;
  form.kind = search::VectorKind::code, form.dimension = 2, form.recipe = kVectorsOfFeatures;
  form.selection = {3, {0, 2}, {0.5F, 1}, "", 9};
  VectorNetwork some(folder / "n.onnx", form);
  EXPECT_EQ(some.dimension(), 2U);
  EXPECT_THAT(some.of(pictures), ElementsAre(ElementsAre(1, -1), ElementsAre(-1, 1)));
  form.recipe = kVectorsOfOutput, form.selection = {};
  EXPECT_THAT(VectorNetwork(folder / "n.onnx", form).of(pictures), ElementsAre(ElementsAre(1, 1), ElementsAre(1, -1)));
  form.recipe = "tea leaves";
  EXPECT_THROW(VectorNetwork(folder / "n.onnx", form), FormatError);
}

}  // namespace
}  // namespace obscura::study
