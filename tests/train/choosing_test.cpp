// What is held back, which epoch is kept, what pictures count, and figures of a test.
#include "train/choosing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "base/error.h"
#include "train/figures.h"
#include "train/held_back.h"

namespace obscura::train {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

const std::vector<std::string> kNames = {"a", "b", "c", "d"};

/// `counts[c]` labels of each class, in an order drawn by the seed.
std::vector<std::int64_t> labels_of(const std::vector<std::size_t>& counts, std::uint64_t seed = 1) {
  std::vector<std::int64_t> labels;
  for (std::size_t c = 0; c < counts.size(); ++c) labels.insert(labels.end(), counts[c], static_cast<std::int64_t>(c));
  std::shuffle(labels.begin(), labels.end(), std::mt19937_64(seed));
  return labels;
}

std::vector<std::size_t> held_of(const std::vector<std::size_t>& counts, double share) {
  const auto labels = labels_of(counts);
  const auto parts = hold_back(labels, kNames, share, 7);
  // Every picture is in one part, in its old order.
  EXPECT_TRUE(std::ranges::is_sorted(parts.learn));
  EXPECT_TRUE(std::ranges::is_sorted(parts.validate));
  std::set<std::int64_t> all(parts.learn.begin(), parts.learn.end());
  all.insert(parts.validate.begin(), parts.validate.end());
  EXPECT_EQ(all.size(), labels.size());
  EXPECT_EQ(parts.learn.size() + parts.validate.size(), labels.size());
  return class_counts(labels, parts.validate, counts.size());
}

TEST(HeldBack, IsAShareOfEveryClassAndAFewOfSmallOnes) {
  EXPECT_THAT(held_of({388, 3494, 100, 30}, 0.1), ElementsAre(39, 349, 10, 3));
  EXPECT_THAT(held_of({20, 9, 8, 6}, 0.1), ElementsAre(3, 3, 2, 2));
  EXPECT_THAT(held_of({5, 3, 2, 1}, 0.1), ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(held_of({40, 40, 0, 7}, 0.5), ElementsAre(20, 20, 0, 4));
  EXPECT_THAT(held_of({40, 40, 1, 7}, 0), Each(0));
}

TEST(HeldBack, DependsOnTheSeedAlone) {
  const auto labels = labels_of({50, 20, 30, 4});
  EXPECT_EQ(hold_back(labels, kNames, 0.1, 1).validate, hold_back(labels, kNames, 0.1, 1).validate);
  EXPECT_NE(hold_back(labels, kNames, 0.1, 1).validate, hold_back(labels, kNames, 0.1, 2).validate);
}

TEST(HeldBack, SaysWhichClassesAreTooSmall) {
  EXPECT_THAT(hold_back(labels_of({9, 1, 1, 5}), kNames, 0.1, 1).notes,
              ElementsAre(HasSubstr("'b', 'c' with one each")));
  EXPECT_THAT(hold_back(labels_of({9, 2, 3, 5}), kNames, 0.1, 1).notes, IsEmpty());
}

TEST(ClassWeights, LetClassesCountAlikeWhereTheyAreUnbalanced) {
  const std::vector<std::string> two = {"normal", "pneumonia"};
  const auto automatic = weighting_of(ClassWeights::automatic, {388, 3494}, two);
  ASSERT_EQ(automatic.weights.size(), 2U);
  EXPECT_DOUBLE_EQ(automatic.weights[0], 3882.0 / (2 * 388));
  EXPECT_DOUBLE_EQ(automatic.weights[1], 3882.0 / (2 * 3494));
  EXPECT_THAT(automatic.notes, ElementsAre(testing::AllOf(HasSubstr("3494 training pictures of 'pneumonia'"),
                                                          HasSubstr("388 of 'normal'"), HasSubstr("weigh alike"))));
  // The border is a factor of 3.
  EXPECT_THAT(weighting_of(ClassWeights::automatic, {100, 299}, two).weights, IsEmpty());
  EXPECT_THAT(weighting_of(ClassWeights::automatic, {100, 299}, two).notes, IsEmpty());
  EXPECT_EQ(weighting_of(ClassWeights::automatic, {100, 300}, two).weights.size(), 2U);
  // As it is wished, and the imbalance is said all the same.
  const auto none = weighting_of(ClassWeights::none, {388, 3494}, two);
  EXPECT_THAT(none.weights, IsEmpty());
  EXPECT_THAT(none.notes, ElementsAre(HasSubstr("every picture counts alike")));
  EXPECT_THAT(weighting_of(ClassWeights::balanced, {100, 200}, two).weights, ElementsAre(1.5, 0.75));
  // A class without pictures changes nothing for the others.
  EXPECT_THAT(weighting_of(ClassWeights::balanced, {100, 0, 200}, {"a", "b", "c"}).weights, ElementsAre(1.5, 1, 0.75));
}

EpochResult epoch_of(std::size_t number, double accuracy, double recall = 0, double loss = 1) {
  EpochResult e;
  e.epoch = number;
  e.validated = 10;
  e.validation_accuracy = accuracy;
  e.validation_recall = recall;
  e.validation_loss = loss;
  return e;
}

TEST(BestEpoch, IsTheArgmaxOfTheCurve) {
  const std::vector<EpochResult> epochs = {epoch_of(1, 0.5, 0.4), epoch_of(2, 0.9, 0.5), epoch_of(3, 0.8, 0.8),
                                           epoch_of(4, 0.7, 0.7)};
  EXPECT_EQ(best_epoch(epochs, {}), 2U);
  EXPECT_EQ(best_epoch(epochs, {.recall = true}), 3U);
  EXPECT_EQ(best_epoch(epochs, {.first = 3}), 3U);
  EXPECT_EQ(best_epoch(epochs, {.first = 4}), 4U);
  EXPECT_EQ(best_epoch(epochs, {.first = 5}), 0U);
  EXPECT_EQ(best_epoch({}, {}), 0U);
}

TEST(BestEpoch, OfEquallyGoodOnesHasTheLowestLoss) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<EpochResult> epochs = {epoch_of(1, 0.9, 0, nan), epoch_of(2, 0.9, 0, 0.4), epoch_of(3, 0.9, 0, 0.3),
                                           epoch_of(4, 0.9, 0, 0.3)};
  EXPECT_EQ(best_epoch(epochs, {}), 3U);
}

TEST(BestEpoch, PatienceEndsTraining) {
  std::vector<EpochResult> epochs = {epoch_of(1, 0.5), epoch_of(2, 0.9), epoch_of(3, 0.8), epoch_of(4, 0.7)};
  EXPECT_FALSE(out_of_patience(epochs, {}, 0));
  EXPECT_TRUE(out_of_patience(epochs, {}, 1));
  EXPECT_TRUE(out_of_patience(epochs, {}, 2));
  EXPECT_FALSE(out_of_patience(epochs, {}, 3));
  EXPECT_FALSE(out_of_patience(epochs, {.first = 4}, 1));
  EXPECT_FALSE(out_of_patience(epochs, {.first = 9}, 1));
}

TEST(Choosing, SaysWhatItChose) {
  Recipe recipe;
  const Choosing choosing(recipe, labels_of({40, 40, 40, 40}), kNames, std::nullopt, 1, 1);
  const std::vector<EpochResult> epochs = {epoch_of(1, 0.5), epoch_of(2, 0.9), epoch_of(3, 0.8)};
  const Choice choice = choosing.choice(epochs, 3);
  EXPECT_EQ(choice.kept_epoch, 2U);
  EXPECT_EQ(choice.learnt, 144U);
  EXPECT_EQ(choice.validated, 16U);
  EXPECT_FALSE(choice.stopped_early);
  EXPECT_EQ(choice_text(choice, epochs), "epoch 2 of 3 is the best by validation: 90.00 % of 16 pictures held back");
  EXPECT_EQ(Choosing(recipe, labels_of({40, 40, 40, 40}), kNames, 7, 1, 1).choice(epochs, 3).validated, 7U);
  // Nothing can be held back: the last one is kept, and that is said.
  const Choosing none(recipe, labels_of({1, 1, 1, 1}), kNames, std::nullopt, 1, 1);
  EXPECT_FALSE(none.validates());
  EXPECT_EQ(none.kept(epochs), 3U);
  EXPECT_THAT(none.notes(), testing::Contains(HasSubstr("the last epoch will be kept")));
  EXPECT_THAT(choice_text(none.choice(epochs, 3), epochs), HasSubstr("epoch 3 of 3, the last one, is kept"));
  const Choosing missing(recipe, labels_of({40, 40, 0, 40}), kNames, std::nullopt, 1, 1);
  EXPECT_THAT(missing.notes(), ElementsAre(HasSubstr("no training pictures of 'c'")));
}

TEST(Figures, OfEveryClass) {
  //                       a a a a b b b c
  const auto f = figures_of({0, 0, 0, 0, 1, 1, 1, 2}, {0, 0, 0, 1, 1, 1, 0, 1}, 4);
  EXPECT_EQ(f.images, 8U);
  EXPECT_EQ(f.right, 5U);
  EXPECT_DOUBLE_EQ(f.accuracy, 5.0 / 8);
  EXPECT_DOUBLE_EQ(f.classes[0].recall, 3.0 / 4);
  EXPECT_DOUBLE_EQ(f.classes[0].precision, 3.0 / 4);
  EXPECT_DOUBLE_EQ(f.classes[1].recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(f.classes[1].precision, 2.0 / 4);
  EXPECT_DOUBLE_EQ(f.classes[1].f1, 4.0 / 7);
  EXPECT_DOUBLE_EQ(f.classes[2].recall, 0);
  EXPECT_EQ(f.classes[2].predicted, 0U);
  EXPECT_EQ(f.classes[3].images, 0U);
  EXPECT_DOUBLE_EQ(f.mean_recall, (3.0 / 4 + 2.0 / 3) / 3) << "of the classes that have pictures";
  EXPECT_THAT(f.confusion[0], ElementsAre(3, 1, 0, 0));
  const auto table = class_table(f, kNames);
  EXPECT_THAT(table, HasSubstr("75.00 %"));
  EXPECT_THAT(table, testing::ContainsRegex("d +0 +- +- +-"));
  EXPECT_THAT(class_table(f, kNames, 2), HasSubstr("worst 2 of 4"));
}

/// Worked out from the formula with 30 digits, and the ends.
TEST(Figures, WilsonInterval) {
  const auto near = [](std::size_t right, std::size_t images, double low, double high) {
    const auto interval = wilson_interval(right, images);
    EXPECT_NEAR(interval[0], low, 1e-6) << right << " of " << images;
    EXPECT_NEAR(interval[1], high, 1e-6) << right << " of " << images;
  };
  near(8, 10, 0.490162, 0.943318);
  near(0, 10, 0, 0.277533);
  near(10, 10, 0.722467, 1);
  near(50, 100, 0.403832, 0.596168);
  EXPECT_EQ(wilson_interval(0, 0), (std::array<double, 2>{0, 1}));
  for (std::size_t n = 1; n < 200; n += 7) {
    for (std::size_t k = 0; k <= n; ++k) {
      const auto [low, high] = wilson_interval(k, n);
      const double p = static_cast<double>(k) / static_cast<double>(n);
      EXPECT_LE(low, p);
      EXPECT_GE(high, p);
      EXPECT_GE(low, 0);
      EXPECT_LE(high, 1);
    }
  }
}

TEST(Classes, ThatDifferAreNamed) {
  EXPECT_NO_THROW(check_same_classes({"cat", "dog"}, {"cat", "dog"}, "test", "pets"));
  EXPECT_THAT(
      [] {
        check_same_classes({"cat", "dog"}, {"cow", "dog"}, "test", "pets");
      },
      ThrowsMessage<MismatchError>(testing::AllOf(HasSubstr("the test pictures of pets are of other classes"),
                                                  HasSubstr("only test: 'cow'"), HasSubstr("only training: 'cat'"))));
  EXPECT_THAT(
      [] {
        check_same_classes({"cat", "dog"}, {"dog", "cat"}, "test", "pets");
      },
      ThrowsMessage<MismatchError>(HasSubstr("another order")));
}

TEST(Recipe, ChecksAndDescribesWhatChooses) {
  Recipe recipe;
  const std::string usual = describe(recipe);
  for (const double share : {-0.1, 0.51, std::numeric_limits<double>::quiet_NaN()}) {
    recipe.validation_share = share;
    EXPECT_THROW(check_recipe(recipe), UsageError) << share;
  }
  recipe.validation_share = 0.2;
  EXPECT_NO_THROW(check_recipe(recipe));
  EXPECT_NE(describe(recipe), usual);
  recipe = {};
  recipe.patience = 3;
  EXPECT_NE(describe(recipe), usual);
  recipe = {};
  recipe.class_weights = ClassWeights::none;
  EXPECT_NE(describe(recipe), usual);
  for (const ClassWeights weights : {ClassWeights::automatic, ClassWeights::none, ClassWeights::balanced}) {
    EXPECT_EQ(parse_class_weights(to_string(weights)), weights);
  }
  EXPECT_THROW(parse_class_weights("sqrt"), UsageError);
}

}  // namespace
}  // namespace obscura::train
