// The parts of attacks on pictures in chunks, on what is known of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "audit/chunks/entropy.h"
#include "audit/chunks/folds.h"
#include "audit/chunks/forest.h"
#include "audit/chunks/harmonic.h"
#include "audit/chunks/reconstruction.h"
#include "base/error.h"
#include "support/part_view.h"

namespace obscura::audit {
namespace {

using Counts = std::vector<std::size_t>;

TEST(Entropy, OfKnownDistributions) {
  EXPECT_EQ(entropy_bits(Counts{}), 0);
  EXPECT_EQ(entropy_bits(Counts{17}), 0);
  EXPECT_DOUBLE_EQ(entropy_bits(Counts{5, 5}), 1);
  EXPECT_DOUBLE_EQ(entropy_bits(Counts{4, 2, 1, 1}), 1.75);
  EXPECT_DOUBLE_EQ(entropy_bits(Counts{4, 0, 2, 1, 1}), 1.75);
  EXPECT_DOUBLE_EQ(miller_madow_bits(Counts{4, 0, 2, 1, 1}), 1.75 + 3 / (16 * std::log(2)));
  EXPECT_EQ(miller_madow_bits(Counts{17}), 0);
  EXPECT_EQ(miller_madow_bits(Counts{}), 0);
}

ServerView view_of(std::vector<std::int32_t> indices) {
  return {std::move(indices), {}, 0, 0};
}

TEST(Entropy, AMapThatIsTheClassSharesAllOfIt) {
  std::vector<ServerView> views;
  std::vector<std::int64_t> labels;
  for (std::int64_t n = 0; n < 400; ++n) {
    labels.push_back(n % 4);
    views.push_back(view_of({n % 2 == 0 ? 1 : -1, n % 4 < 2 ? 2 : -2}));
  }
  const MapEntropy same = map_entropy(views, labels, 1);
  EXPECT_EQ(same.maps, 4U);
  EXPECT_DOUBLE_EQ(same.plug_in, 2);
  EXPECT_NEAR(same.class_bits, 2, 0.02);
  EXPECT_NEAR(same.shuffled_bits, 0, 0.02);
  const MapEntropy nothing = map_entropy(std::vector(400, view_of({})), labels, 1);
  EXPECT_EQ(nothing.maps, 1U);
  EXPECT_EQ(nothing.bits, 0);
  EXPECT_NEAR(nothing.class_bits, 0, 1e-12);
}

TEST(Folds, AreStratifiedAndKeepDuplicatesTogether) {
  std::vector<std::int64_t> labels;
  std::vector<std::size_t> groups;
  for (std::size_t n = 0; n < 300; ++n) {
    labels.push_back(static_cast<std::int64_t>(n % 3));
    groups.push_back(n % 30 == 3 && n > 3 ? n - 3 : n);  // every tenth of a class is another's twin
  }
  const auto folds = stratified_folds(labels, groups, 5, 7);
  std::map<std::pair<std::int64_t, std::size_t>, int> sizes;
  for (std::size_t n = 0; n < 300; ++n) {
    ++sizes[{labels[n], folds[n]}];
    EXPECT_EQ(folds[n], folds[groups[n]]) << n;
  }
  ASSERT_EQ(sizes.size(), 15U);
  for (const auto& [key, size] : sizes) EXPECT_NEAR(size, 20, 1);
  EXPECT_EQ(folds, stratified_folds(labels, groups, 5, 7));
  EXPECT_NE(folds, stratified_folds(labels, groups, 5, 8));
}

TEST(Folds, FewerPicturesThanFoldsAreRefused) {
  const std::vector<std::int64_t> labels = {0, 0, 0, 1, 1, 1};
  EXPECT_THROW(stratified_folds(labels, std::vector<std::size_t>{0, 1, 2, 3, 4, 5}, 4, 1), ParameterError);
  EXPECT_THROW(stratified_folds(labels, std::vector<std::size_t>{0, 1, 1, 3, 4, 5}, 3, 1), ParameterError);
  EXPECT_THROW(stratified_folds(labels, std::vector<std::size_t>{0, 1, 2, 3, 4, 5}, 1, 1), ParameterError);
}

TEST(Folds, EqualPixelsAreOneGroup) {
  image::Dataset set;
  set.count = 4, set.channels = 1, set.height = 1, set.width = 2;
  set.images = {1, 2, 3, 4, 1, 2, 2, 1};
  EXPECT_THAT(duplicate_groups(set), testing::ElementsAre(0, 1, 0, 3));
}

/// Three classes by the signs of two columns, a third of noise.
struct Toy {
  FeatureRows rows{3, {}};
  std::vector<std::int64_t> labels;
  std::vector<std::size_t> groups;

  Toy() {
    std::mt19937_64 random(3);
    std::normal_distribution<float> noise;
    for (std::size_t n = 0; n < 300; ++n) {
      const float a = noise(random), b = noise(random);
      rows.values.insert(rows.values.end(), {a, b, noise(random)});
      labels.push_back(a > 0 ? (b > 0 ? 2 : 1) : 0);
      groups.push_back(n);
    }
  }
};

TEST(Forest, LearnsAToyProblemAndNothingOfShuffledLabels) {
  const Toy toy;
  ThreadPool pool(2);
  const auto folds = stratified_folds(toy.labels, toy.groups, 5, 1);
  const Validation validation{toy.labels, folds, 5, 1};
  const auto learnt = cross_validate(validation, forest_guesser(toy.rows, 50), false, pool);
  EXPECT_EQ(learnt.tested, 300U);
  EXPECT_GT(learnt.accuracy(), 0.93);
  const auto shuffled = cross_validate(validation, forest_guesser(toy.rows, 50), true, pool);
  EXPECT_NEAR(shuffled.accuracy(), largest_share(toy.labels) - 0.08, 0.13);
  EXPECT_EQ(cross_validate(validation, forest_guesser(toy.rows, 50), false, pool).right, learnt.right);
}

TEST(Forest, IsAtChanceWhereAllRowsAreEqual) {
  const Toy toy;
  ThreadPool pool(1);
  const FeatureRows constant{4, std::vector<float>(4 * 300, 0.5F)};
  const auto folds = stratified_folds(toy.labels, toy.groups, 5, 1);
  const auto guesses = cross_validate({toy.labels, folds, 5, 1}, forest_guesser(constant, 20), false, pool);
  EXPECT_NEAR(guesses.accuracy(), largest_share(toy.labels), 0.01);
}

TEST(Forest, OneClassIsGuessedAlways) {
  const RandomForest forest(FeatureRows{1, {1, 2, 3}}, std::vector<std::int64_t>{4, 4, 4});
  EXPECT_THAT(forest.predict({1, {9}}), testing::ElementsAre(4));
  EXPECT_THROW(forest.predict({2, {9, 9}}), MismatchError);
  EXPECT_THROW(RandomForest(FeatureRows{1, {}}, {}), MismatchError);
}

TEST(Harmonic, ARampIsContinuedExactly) {
  constexpr std::size_t kHeight = 40, kWidth = 52;
  std::vector<float> ramp(kHeight * kWidth), holed;
  std::vector<bool> known(ramp.size(), true);
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    const std::size_t y = i / kWidth, x = i % kWidth;
    ramp[i] = 20 + 2 * static_cast<float>(x) + static_cast<float>(y);
    if (y >= 8 && y < 32 && x >= 10 && x < 38) known[i] = false;
  }
  holed = ramp;
  for (std::size_t i = 0; i < ramp.size(); ++i) holed[i] = known[i] ? ramp[i] : 255;
  const auto filled = harmonic_fill(holed, known, kHeight, kWidth);
  for (std::size_t i = 0; i < ramp.size(); ++i) ASSERT_NEAR(filled[i], ramp[i], 0.02) << i;
}

TEST(Harmonic, WithoutNeighboursNothingIsKnown) {
  EXPECT_THAT(harmonic_fill(std::vector<float>(12, 9), std::vector<bool>(12, false), 3, 4), testing::Each(127.5F));
  // One known pixel: everything is as it is.
  std::vector<bool> one(12, false);
  one[5] = true;
  EXPECT_THAT(harmonic_fill(std::vector<float>(12, 9), one, 3, 4), testing::Each(testing::FloatNear(9, 0.01F)));
  EXPECT_THROW(harmonic_fill(std::vector<float>(12), one, 3, 5), MismatchError);
}

TEST(Reconstruction, NeighboursTellOfASmoothPictureAndHiddenOnesOfNone) {
  const Chunking cut{{1, 30, 30}, 10, 10};
  image::Image picture(1, 30, 30);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(8 * (i % 30));
  ThreadPool pool(1);
  const std::vector<image::Image> originals = {picture};
  const std::vector<ServerView> seen = {part_view(cut, picture, {-1, -2, -3, -4, 5, -6, -7, -8, -9})};
  const Reconstruction of_one = reconstruct(cut, seen, originals, pool);
  EXPECT_EQ(of_one.inpainted.chunks, 1U);
  EXPECT_GT(of_one.inpainted.psnr, 45);
  EXPECT_LT(of_one.null.psnr, 25);
  EXPECT_GT(of_one.inpainted.ssim, of_one.null.ssim);
  const std::vector<ServerView> hidden = {part_view(cut, picture, {})};
  const Reconstruction of_none = reconstruct(cut, hidden, originals, pool);
  EXPECT_EQ(of_none.inpainted.chunks, 9U);
  EXPECT_EQ(of_none.inpainted.psnr, of_none.null.psnr);
  EXPECT_EQ(of_none.inpainted.ssim, of_none.null.ssim);
}

}  // namespace
}  // namespace obscura::audit
