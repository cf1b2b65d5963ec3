// The parts of `reproduce rcnn` that need no LibTorch.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "image/image.h"
#include "study/rcnn/feature_study.h"
#include "study/rcnn/query_pictures.h"
#include "study/rcnn/rings.h"
#include "support/temporary.h"

namespace obscura::study {
namespace {

TEST(RandomColumns, AreDifferentAscendingAndTheSameForASeed) {
  const auto columns = random_columns(2048, 600, 1);
  ASSERT_EQ(columns.size(), 600);
  for (std::size_t i = 1; i < columns.size(); ++i) EXPECT_LT(columns[i - 1], columns[i]);
  EXPECT_LT(columns.back(), 2048);
  EXPECT_EQ(columns, random_columns(2048, 600, 1));
  // Two random selections share 600 x 600 / 2048 = 176 on average, with a deviation of 9.4.
  EXPECT_NEAR(static_cast<double>(shared(columns, random_columns(2048, 600, 2))), 176, 60);
  EXPECT_EQ(shared(columns, columns), 600);
  EXPECT_EQ(shared({1, 3, 5}, {2, 3, 4, 5}), 2);
  EXPECT_EQ(shared({}, {1}), 0);
}

TEST(Rings, AreSecureAndThePapersModuliNeedLargeOnes) {
  const auto rings = rings_json();
  ASSERT_EQ(rings["rings"].size(), 3);
  for (const auto& ring : rings["rings"]) EXPECT_GE(ring["security_bits"], 128) << ring;
  EXPECT_EQ(rings["smallest_ring"], 1024);
  EXPECT_EQ(rings["ring_for_modulus"], 32768);
  EXPECT_EQ(rings["ring_for_large_modulus"], 65536);
  EXPECT_EQ(ring_for(26), 1024);
  EXPECT_EQ(ring_for(27), 2048);
  EXPECT_THROW(ring_for(5000), ParameterError);
}

TEST(QueryPictures, AreOfDifferentClasses) {
  const TemporaryFolder folder;
  const auto pictures = write_query_pictures("samples", {}, 4, folder.path(), Notes());
  ASSERT_EQ(pictures.size(), 4);
  std::set<std::string> classes;
  for (const auto& one : pictures) {
    classes.insert(one.class_name);
    EXPECT_EQ(image::read_image(one.file).width, 28);
  }
  EXPECT_EQ(classes.size(), 4);
}

}  // namespace
}  // namespace obscura::study
