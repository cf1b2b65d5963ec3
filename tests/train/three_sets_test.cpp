// Training, validation and test are three things: what is learnt from, what chooses the epoch, what is looked at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "nn/onnx_write.h"
#include "train/choosing.h"
#include "train/encrypted/trainer.h"
#include "train/encrypted/zoo.h"
#include "train/loss.h"
#include "train/toy_training.h"

namespace obscura::train {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// One layer: trained in milliseconds.
nn::Graph small_graph(std::size_t side = 6) {
  nn::Graph graph = nn::make_graph("small", {1, side, side});
  nn::add_node(graph, "flatten", nn::Flatten{}, {0});
  const std::size_t flat = side * side;
  nn::add_node(graph, "fc1", nn::Linear{4, std::vector<float>(4 * flat), std::vector<float>(4)}, {1});
  nn::add_node(graph, "square", nn::Square{}, {2});
  nn::add_node(graph, "fc2", nn::Linear{2, std::vector<float>(8), std::vector<float>(2)}, {3});
  return graph;
}

image::Dataset grey_tones(std::size_t count, std::uint64_t seed) {
  return tones(count, seed, 6, 1);
}

/// Labels that are wrong: the more is learnt, the worse it looks.
image::Dataset mislabelled(image::Dataset set) {
  for (auto& label : set.labels) label = 1 - label;
  return set;
}

Recipe four_epochs() {
  Recipe recipe = quick_recipe();
  recipe.optimiser = Optimiser::adam;
  recipe.learning_rate = 0.01;
  recipe.batch = 4;
  recipe.epochs = 4;
  return recipe;
}

std::size_t argmax(const std::vector<EpochResult>& epochs) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < epochs.size(); ++i) {
    const EpochResult &a = epochs[i], &b = epochs[best];
    if (a.validation_accuracy > b.validation_accuracy ||
        (a.validation_accuracy == b.validation_accuracy && a.validation_loss < b.validation_loss)) {
      best = i;
    }
  }
  return best + 1;
}

TEST(ThreeSets, TheTestImagesDecideNothing) {
  const auto set = grey_tones(80, 1), test = grey_tones(40, 2), wrong = mislabelled(grey_tones(33, 3));
  Recipe recipe = four_epochs();
  recipe.epochs = 24;
  const auto one = train(small_graph(), recipe, set, test, quiet());
  const auto other = train(small_graph(), recipe, set, wrong, quiet());
  EXPECT_EQ(nn::to_onnx(one.graph), nn::to_onnx(other.graph));
  ASSERT_EQ(one.epochs.size(), other.epochs.size());
  for (std::size_t e = 0; e < one.epochs.size(); ++e) {
    EXPECT_EQ(one.epochs[e].validation_accuracy, other.epochs[e].validation_accuracy);
    EXPECT_EQ(one.epochs[e].validation_loss, other.epochs[e].validation_loss);
  }
  EXPECT_EQ(one.choice.kept_epoch, other.choice.kept_epoch);
  EXPECT_EQ(one.test.images, 40U);
  EXPECT_EQ(other.test.images, 33U);
  EXPECT_GT(one.test.accuracy, 0.9);
  EXPECT_LT(other.test.accuracy, 0.1);
  EXPECT_EQ(one.choice.kept_epoch, argmax(one.epochs));
  EXPECT_EQ(one.choice.validated, 8U);
  EXPECT_EQ(one.choice.learnt, 72U);
}

TEST(ThreeSets, TheBestEpochByValidationIsKept) {
  const auto set = grey_tones(80, 1), test = grey_tones(40, 2), validation = mislabelled(grey_tones(30, 3));
  const auto whole = train(small_graph(), four_epochs(), set, test, quiet(), &validation);
  ASSERT_EQ(whole.epochs.size(), 4U);
  EXPECT_EQ(whole.choice.kept_epoch, argmax(whole.epochs));
  ASSERT_LT(whole.choice.kept_epoch, 4U) << "or this shows nothing";
  EXPECT_TRUE(whole.choice.given);
  EXPECT_EQ(whole.choice.learnt, 80U) << "nothing is held back where validation images are given";
  EXPECT_EQ(whole.choice.validated, 30U);
  // The weights are those of that epoch: of the same run, cut off there.
  auto options = quiet();
  options.stop_after = whole.choice.kept_epoch;
  const auto cut = train(small_graph(), four_epochs(), set, test, options, &validation);
  EXPECT_FALSE(cut.finished);
  EXPECT_EQ(cut.test.images, 0U) << "the test waits for the end";
  EXPECT_EQ(nn::to_onnx(cut.graph), nn::to_onnx(whole.graph));
  // And not those of the last.
  auto last = four_epochs();
  last.validation_share = 0;
  const auto kept_last = train(small_graph(), last, set, test, quiet());
  EXPECT_EQ(kept_last.choice.kept_epoch, 4U);
  EXPECT_EQ(kept_last.choice.validated, 0U);
  EXPECT_NE(nn::to_onnx(kept_last.graph), nn::to_onnx(whole.graph));
}

TEST(ThreeSets, AResumedRunKeepsTheSameEpoch) {
  const auto set = grey_tones(80, 1), test = grey_tones(40, 2), validation = mislabelled(grey_tones(30, 3));
  for (const image::Dataset* given : {static_cast<const image::Dataset*>(nullptr), &validation}) {
    const auto whole = train(small_graph(), four_epochs(), set, test, quiet(), given);
    for (std::size_t stop = 1; stop < 4; ++stop) {
      const TemporaryFolder folder;
      auto options = quiet();
      options.checkpoint = folder / "run";
      options.stop_after = stop;
      train(small_graph(), four_epochs(), set, test, options, given);
      options.stop_after = 0;
      const auto rest = train(small_graph(), four_epochs(), set, test, options, given);
      EXPECT_EQ(rest.resumed_from, stop);
      EXPECT_EQ(rest.choice.kept_epoch, whole.choice.kept_epoch);
      EXPECT_EQ(nn::to_onnx(rest.graph), nn::to_onnx(whole.graph)) << "stopped after epoch " << stop;
      EXPECT_EQ(rest.test.right, whole.test.right);
      // Other validation images are another run; other test images are not.
      const auto others = grey_tones(30, 9);
      EXPECT_EQ(train(small_graph(), four_epochs(), set, others, options, given).resumed_from, 4U);
      EXPECT_EQ(train(small_graph(), four_epochs(), set, test, options, &others).resumed_from, 0U);
    }
  }
}

TEST(ThreeSets, PatienceEndsARunAndAResumedOne) {
  const auto set = grey_tones(80, 1), test = grey_tones(40, 2), validation = mislabelled(grey_tones(30, 3));
  Recipe recipe = four_epochs();
  recipe.epochs = 12;
  recipe.schedule = Schedule::constant;
  recipe.patience = 2;
  const TemporaryFolder folder;
  auto options = quiet();
  options.checkpoint = folder / "run";
  const auto result = train(small_graph(), recipe, set, test, options, &validation);
  EXPECT_TRUE(result.finished);
  EXPECT_TRUE(result.choice.stopped_early);
  EXPECT_EQ(result.epochs.size(), result.choice.kept_epoch + 2);
  EXPECT_EQ(result.test.images, 40U);
  const auto again = train(small_graph(), recipe, set, test, options, &validation);
  EXPECT_EQ(again.resumed_from, result.epochs.size());
  EXPECT_EQ(again.epochs.size(), result.epochs.size());
  EXPECT_EQ(nn::to_onnx(again.graph), nn::to_onnx(result.graph));
}

/// Before norms are frozen, training does not see the outliers that an encrypted run will see.
TEST(ThreeSets, WhereNormsAreFrozenOnlySuchEpochsAreKept) {
  const auto set = grey_tones(80, 1), test = grey_tones(40, 2), validation = mislabelled(grey_tones(30, 3));
  Recipe recipe = four_epochs();
  recipe.freeze_norms = 0.5;
  const auto result = train(small_graph(), recipe, set, test, quiet(), &validation);
  EXPECT_GE(result.choice.kept_epoch, 3U);
}

TEST(ThreeSets, UnbalancedClassesCountAlike) {
  // 60 dark pictures and 10 bright ones.
  image::Dataset set = grey_tones(120, 1);
  image::Dataset few = set;
  few.images.clear(), few.labels.clear();
  for (std::size_t n = 0; n < set.count; ++n) {
    if (set.labels[n] == 1 && n > 20) continue;
    few.images.insert(few.images.end(), set.pixels(n).begin(), set.pixels(n).end());
    few.labels.push_back(set.labels[n]);
  }
  few.count = few.labels.size();
  const auto test = grey_tones(40, 2);
  auto options = quiet();
  std::vector<std::string> notes;
  options.on_note = [&notes](const std::string& line) { notes.push_back(line); };
  const auto result = train(small_graph(), four_epochs(), few, test, options);
  ASSERT_EQ(result.choice.class_weights.size(), 2U);
  // 54 and 7 are learnt from: 6 and 3 are held back.
  EXPECT_DOUBLE_EQ(result.choice.class_weights[0], 61.0 / (2 * 54));
  EXPECT_DOUBLE_EQ(result.choice.class_weights[1], 61.0 / (2 * 7));
  EXPECT_TRUE(result.choice.by_recall);
  EXPECT_THAT(notes, testing::Contains(HasSubstr("unbalanced classes: 54 training pictures of 'dark', 7 of 'bright'")));
  Recipe none = four_epochs();
  none.class_weights = ClassWeights::none;
  const auto plain = train(small_graph(), none, few, test, quiet());
  EXPECT_TRUE(plain.choice.class_weights.empty());
  EXPECT_FALSE(plain.choice.by_recall);
  EXPECT_NE(nn::to_onnx(plain.graph), nn::to_onnx(result.graph));
}

TEST(ThreeSets, WeightedLossIsTheMeanOfWeightedLosses) {
  const auto logits = torch::tensor({{1.0, 0.0}, {0.0, 2.0}, {0.5, 0.5}});
  const auto labels = torch::tensor({0, 0, 1}, torch::kInt64);
  const auto nll = [](double right, double wrong) { return std::log1p(std::exp(wrong - right)); };
  const double expected = (0.5 * nll(1, 0) + 0.5 * nll(0, 2) + 2 * nll(0.5, 0.5)) / 3;
  EXPECT_NEAR(weighted_cross_entropy(logits, labels, 0, weight_tensor({0.5, 2})).item<double>(), expected, 1e-6);
  const double alike = (nll(1, 0) + nll(0, 2) + nll(0.5, 0.5)) / 3;
  EXPECT_NEAR(weighted_cross_entropy(logits, labels, 0, weight_tensor({})).item<double>(), alike, 1e-6);
  EXPECT_NEAR(weighted_cross_entropy(logits, labels, 0.1, weight_tensor({1, 1})).item<double>(),
              weighted_cross_entropy(logits, labels, 0.1, {}).item<double>(), 1e-6);
}

TEST(ThreeSets, SetsOfOtherClassesAreRefused) {
  const auto set = grey_tones(40, 1);
  auto other = grey_tones(40, 2);
  other.classes = {"dark", "light"};
  EXPECT_THAT([&] { train(small_graph(), four_epochs(), set, other, quiet()); },
              ThrowsMessage<MismatchError>(HasSubstr("only test: 'light'; only training: 'bright'")));
  EXPECT_THAT([&] { train(small_graph(), four_epochs(), set, set, quiet(), &other); },
              ThrowsMessage<MismatchError>(HasSubstr("the validation pictures of tones")));
  auto more = set;
  more.classes.push_back("grey");
  EXPECT_THAT([&] { train(small_graph(), four_epochs(), more, more, quiet()); },
              ThrowsMessage<MismatchError>(HasSubstr("3 classes, the network 2 outputs")));
}

TEST(ThreeSets, ATinySetIsTrainedOnAndSaid) {
  image::Dataset set = grey_tones(2, 1);
  auto options = quiet();
  std::vector<std::string> notes;
  options.on_note = [&notes](const std::string& line) { notes.push_back(line); };
  const auto result = train(small_graph(), four_epochs(), set, grey_tones(40, 2), options);
  EXPECT_EQ(result.choice.learnt, 2U);
  EXPECT_EQ(result.choice.validated, 0U);
  EXPECT_EQ(result.choice.kept_epoch, 4U);
  EXPECT_THAT(notes, testing::Contains(HasSubstr("the last epoch will be kept")));
}

/// Counts what becomes of each picture.
class Counted : public Pictures {
 public:
  explicit Counted(const image::Dataset& set) : inner_(shielded_pictures(set, {})) {
    shape_ = inner_->shape();
    labels_ = inner_->labels();
    classes_ = inner_->classes();
    name_ = inner_->name();
  }
  void read(std::span<const std::int64_t> index, std::span<float> out) const override {
    for (const auto i : index) ++reads[i];
    inner_->read(index, out);
  }
  void draw(std::span<const std::int64_t> index, const Draw& draw, std::span<float> out) const override {
    for (const auto i : index) ++draws[i];
    inner_->draw(index, draw, out);
  }
  mutable std::map<std::int64_t, std::size_t> reads, draws;

 private:
  std::unique_ptr<Pictures> inner_;
};

TEST(ThreeSets, OfPicturesTestOnesAreReadOnceAndHeldBackOnesAreNotLearnt) {
  const auto train_set = tones(40, 1, 8), test_set = tones(20, 2, 8);
  const Counted pictures(train_set), test(test_set);
  auto task = toy_task();
  task.spec.height = task.spec.width = 8;
  task.recipe.epochs = 3;
  const auto result = train_vision(task, pictures, test, quiet());
  EXPECT_EQ(test.reads.size(), 20U);
  for (const auto& [picture, times] : test.reads) EXPECT_EQ(times, 1U) << picture;
  EXPECT_TRUE(test.draws.empty());
  const auto parts = hold_back(train_set.labels, train_set.classes, task.recipe.validation_share, 1);
  EXPECT_EQ(parts.validate.size(), 6U);
  for (const std::int64_t held : parts.validate) EXPECT_EQ(pictures.draws.count(held), 0U) << held;
  for (const std::int64_t learnt : parts.learn) EXPECT_EQ(pictures.draws.at(learnt), 3U) << learnt;
  EXPECT_EQ(result.choice.kept_epoch, argmax(result.epochs));
  // Another test, the same weights.
  const auto wrong = mislabelled(tones(7, 3, 8));
  const auto other = train_vision(task, pictures, *shielded_pictures(wrong, {}), quiet());
  EXPECT_TRUE(other.network == result.network);
  EXPECT_EQ(other.test.images, 7U);
}

TEST(ThreeSets, OfPicturesTheBestEpochIsKeptAlsoWhenResumed) {
  const auto train_set = tones(40, 1, 8), test_set = tones(20, 2, 8), bad = mislabelled(tones(30, 4, 8));
  const auto pictures = shielded_pictures(train_set, {}), test = shielded_pictures(test_set, {}),
             validation = shielded_pictures(bad, {});
  auto task = toy_task();
  task.spec.height = task.spec.width = 8;
  task.recipe.epochs = 4;
  const auto whole = train_vision(task, *pictures, *test, quiet(), validation.get());
  EXPECT_EQ(whole.choice.kept_epoch, argmax(whole.epochs));
  ASSERT_LT(whole.choice.kept_epoch, 4U) << "or this shows nothing";
  auto options = quiet();
  options.stop_after = whole.choice.kept_epoch;
  EXPECT_TRUE(train_vision(task, *pictures, *test, options, validation.get()).network == whole.network);
  for (std::size_t stop = 1; stop < 4; ++stop) {
    const TemporaryFolder folder;
    options.checkpoint = folder / "run";
    options.stop_after = stop;
    train_vision(task, *pictures, *test, options, validation.get());
    options.stop_after = 0;
    const auto rest = train_vision(task, *pictures, *test, options, validation.get());
    EXPECT_EQ(rest.resumed_from, stop);
    EXPECT_TRUE(rest.network == whole.network) << "stopped after epoch " << stop;
    EXPECT_EQ(rest.test.right, whole.test.right);
  }
}

TEST(ThreeSets, OfRoundsOneEpochOfTheLastIsKept) {
  const auto train_set = tones(40, 1, 8), test_set = tones(20, 2, 8), bad = mislabelled(tones(30, 4, 8));
  const auto pictures = shielded_pictures(train_set, {}), test = shielded_pictures(test_set, {}),
             validation = shielded_pictures(bad, {});
  auto task = toy_task();
  task.spec.height = task.spec.width = 8;
  task.rounds = 2;
  EXPECT_GE(train_vision(task, *pictures, *test, quiet(), validation.get()).choice.kept_epoch, 3U);
  task.recipe.patience = 1;
  EXPECT_THROW(train_vision(task, *pictures, *test, quiet(), validation.get()), UsageError);
}

/// The zoo's networks for other pictures than the usual ones are trained, and what is written computes the same.
TEST(ThreeSets, ModelsAreBuiltForThePicturesThatThereAre) {
  for (const auto& [name, side, channels] : {std::tuple("tenseal", std::size_t{19}, std::size_t{3}),
                                             std::tuple("obscura-s", std::size_t{23}, std::size_t{3}),
                                             std::tuple("obscura-l", std::size_t{16}, std::size_t{3}),
                                             std::tuple("obscura-m", std::size_t{16}, std::size_t{1})}) {
    const auto set = tones(24, 1, side, channels), test = tones(10, 2, side, channels);
    const auto model = make_model(name, {channels, side, side}, 2);
    Recipe recipe = model.recipe;
    recipe.epochs = 1;
    recipe.plain_epochs = 0;
    recipe.batch = 8;
    const auto result = train(model.graph, recipe, set, test, quiet());
    EXPECT_EQ(result.graph.input_shape(), (Shape{channels, side, side})) << name;
    EXPECT_EQ(result.graph.preprocessing.classes, set.classes);
    EXPECT_EQ(result.graph.preprocessing.colour, channels == 3 ? "rgb" : "grey");
    EXPECT_EQ(result.graph.preprocessing.mean.size(), channels);
    EXPECT_TRUE(result.graph.preprocessing.stated);
  }
}

}  // namespace
}  // namespace obscura::train
