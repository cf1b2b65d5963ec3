// Which features make vectors: kept with a gallery, checked, and applied to queries.
#include "search/feature_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "search/gallery.h"
#include "support/temporary.h"

namespace obscura::search {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::ThrowsMessage;

const FeatureSelection kThree{7, {0, 2, 6}, {0.5F, -1, 0}, "random forest", 40};

TEST(FeatureSelection, MakesVectors) {
  const std::vector<float> features = {1, 9, -2, 9, 9, 9, 0};
  EXPECT_THAT(vector_of(kThree, VectorKind::code, features), ElementsAre(1, -1, -1)) << "0 is not above 0";
  EXPECT_THAT(vector_of({}, VectorKind::code, features), ElementsAre(1, 1, -1, 1, 1, 1, -1)) << "by sign";
  const FeatureSelection two{7, {0, 2}, {}, "", 0};
  EXPECT_THAT(vector_of(two, VectorKind::unit, features),
              ElementsAre(FloatNear(1 / std::sqrt(5.0F), 1e-6F), FloatNear(-2 / std::sqrt(5.0F), 1e-6F)));
}

TEST(FeatureSelection, FeaturesThatMakeNoVectorAreRefused) {
  EXPECT_THROW(vector_of(kThree, VectorKind::code, std::vector<float>(6, 1)), MismatchError);
  EXPECT_THROW(vector_of({}, VectorKind::unit, std::vector<float>(6, 0)), MismatchError);
  std::vector<float> bad(7, 1);
  bad[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(vector_of(kThree, VectorKind::code, bad), MismatchError);
  bad[2] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(vector_of({}, VectorKind::unit, bad), MismatchError);
}

TEST(FeatureSelection, IsChecked) {
  check_selection(kThree, VectorKind::code, 3);
  check_selection({}, VectorKind::unit, 5);
  check_selection({5, {}, std::vector<float>(5, 0), "", 1}, VectorKind::code, 5);
  const auto refused = [](FeatureSelection selection, const char* problem, VectorKind kind = VectorKind::code,
                          std::size_t dimension = 3) {
    EXPECT_THAT([&] { check_selection(selection, kind, dimension); },
                ThrowsMessage<ParameterError>(HasSubstr(problem)));
  };
  refused(kThree, "3 features for vectors of 4 numbers", VectorKind::code, 4);
  refused(kThree, "thresholds are for codes", VectorKind::unit);
  refused({7, {0, 2, 7}, {}, "", 0}, "feature 7 is selected of 7");
  refused({7, {0, 2, 2}, {}, "", 0}, "not in ascending order");
  refused({7, {2, 0, 6}, {}, "", 0}, "not in ascending order");
  refused({7, {}, {}, "", 0}, "from all of 7 features");
  refused({7, {0, 2, 6}, {1, 2}, "", 0}, "2 thresholds for codes of 3 bits");
  refused({7, {0, 2, 6}, {1, 2, std::numeric_limits<float>::infinity()}, "", 0}, "a threshold is not finite");
}

TEST(FeatureSelection, ComesBackFromBytesAndNothingElseDoes) {
  for (const FeatureSelection& selection : {kThree, FeatureSelection{}, FeatureSelection{3, {}, {1, 2, 3}, "", 9}}) {
    const auto bytes = write_selection(selection);
    EXPECT_EQ(read_selection(bytes, "it"), selection);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_THROW(read_selection(std::span(bytes).first(size), "it"), FormatError) << size;
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      auto bad = bytes;
      bad[at] ^= 0x41;
      EXPECT_THROW(read_selection(bad, "it"), FormatError) << at;
    }
    auto longer = bytes;
    longer.push_back(0);
    EXPECT_THROW(read_selection(longer, "it"), FormatError);
  }
}

class SelectionInGallery : public ::testing::Test {
 protected:
  static GalleryForm form() { return {VectorKind::code, 3, 40, "ab12", "features", "drawn", {"cat", "dog"}, kThree}; }
  /// Puts these bytes, or nothing, where the gallery has its selection.
  void replace(std::span<const std::uint8_t> bytes) {
    constexpr std::uint32_t kApplication = 0x4F425347;
    store::Database database(gallery_file(folder_ / "g"), store::Access::write, kApplication, 1);
    database.run("DELETE FROM facts WHERE key = 'selection'");
    if (!bytes.empty()) database.prepare("INSERT INTO facts VALUES ('selection', ?)").bind(1, bytes).run();
  }
  TemporaryFolder folder_;
};

TEST_F(SelectionInGallery, IsKept) {
  Gallery::create(folder_ / "g", form()).add(std::vector{GalleryImage{"one", 0, {1, -1, 1}, {}}});
  Gallery gallery = Gallery::open(folder_ / "g");
  EXPECT_EQ(gallery.form(), form());
  EXPECT_THAT(gallery.image(0).vector, ElementsAre(1, -1, 1));
}

TEST_F(SelectionInGallery, AGalleryWithoutOneIsReadAsEver) {
  GalleryForm plain = form();
  plain.selection = {};
  Gallery::create(folder_ / "g", plain);
  EXPECT_EQ(Gallery::open(folder_ / "g").form(), plain);
}

TEST_F(SelectionInGallery, ThatCannotBeIsRefused) {
  GalleryForm wrong = form();
  wrong.selection.columns = {0, 2, 9};
  EXPECT_THROW(Gallery::create(folder_ / "g", wrong), ParameterError);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "g"));
  Gallery::create(folder_ / "g", form());
  const auto refused = [&](std::span<const std::uint8_t> bytes, const char* problem) {
    replace(bytes);
    EXPECT_THAT([&] { Gallery::open(folder_ / "g"); }, ThrowsMessage<FormatError>(HasSubstr(problem)));
  };
  auto damaged = write_selection(kThree);
  damaged[30] ^= 1;
  refused(damaged, "its selection of features is damaged");
  refused(std::vector<std::uint8_t>(5, 7), "is truncated");
  // By somebody who can make checksums.
  refused(write_selection({7, {0, 2}, {0, 0}, "", 1}), "2 features for vectors of 3 numbers");
  refused(write_selection({7, {0, 6, 2}, {0, 0, 0}, "", 1}), "not in ascending order");
  refused(write_selection({3, {0, 1, 3}, {0, 0, 0}, "", 1}), "feature 3 is selected of 3");
  refused(write_selection({0, {0, 1, 2}, {}, "", 1}), "feature 0 is selected of 0");
}

}  // namespace
}  // namespace obscura::search
