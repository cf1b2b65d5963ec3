#include "train/vision/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "train/toy_training.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Tensors = std::map<std::string, weights::WeightTensor>;

/// Those whose names start and end so.
Tensors part(const VisionResult& result, const std::string& start, const std::string& end = "") {
  Tensors out;
  for (const auto& [name, tensor] : result.network.tensors) {
    if (name.starts_with(start) && name.ends_with(end)) out[name] = tensor;
  }
  return out;
}

TEST(VisionTrainer, LearnsPlainPictures) {
  const Toys toys;
  auto task = toy_task();
  task.recipe.epochs = 3;
  const auto result = toys.run(task, quiet());
  EXPECT_GE(result.test.accuracy, 0.95);
  ASSERT_EQ(result.epochs.size(), 3);
  EXPECT_LT(result.epochs[2].train_loss, result.epochs[0].train_loss);
  EXPECT_TRUE(result.finished);
  EXPECT_EQ(result.network.classes, toys.train_set.classes);
  // What was written classifies as the last test said.
  const VisionClassifier network(result.network);
  EXPECT_EQ(accuracy(predict(network, *toys.test), *toys.test), result.test.accuracy);
}

TEST(VisionTrainer, LearnsProtectedPicturesThroughAnAdaptation) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 3;
  EXPECT_GE(toys.run(task, quiet()).test.accuracy, 0.95);
}

/// It learns from decorrelated patches, which its first layer has taken in when it is written.
TEST(VisionTrainer, WrittenTransformersReadPicturesAsTheyAre) {
  const Toys toys = hidden_toys();
  for (const bool positions : {true, false}) {
    VisionTask task;
    task.spec = {.network = "vit-tiny", .height = 16, .width = 16, .classes = 2, .positions = positions};
    task.recipe = quick_recipe();
    task.recipe.optimiser = Optimiser::adamw;
    task.recipe.learning_rate = 0.002;
    const auto result = toys.run(task, quiet());
    const VisionClassifier network(result.network);
    // A picture on the border may fall to the other side by rounding.
    EXPECT_NEAR(accuracy(predict(network, *toys.test), *toys.test), result.test.accuracy, 0.026);
    EXPECT_GE(result.test.accuracy, 0.8);
  }
}

TEST(VisionTrainer, InputIsNormalisedByTheTrainingPictures) {
  const Toys toys;
  auto task = toy_task();
  task.recipe.validation_share = 0;
  const auto result = toys.run(task, quiet());
  ASSERT_EQ(result.network.mean.size(), 3);
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t n = 0; n < 64; ++n) {
      for (const std::uint8_t v : toys.train_set.pixels(n).subspan(c * 256, 256)) {
        sum += v;
        squares += static_cast<double>(v) * v;
      }
    }
    const double mean = sum / (64 * 256);
    EXPECT_NEAR(result.network.mean[c], mean, 1e-3);
    EXPECT_NEAR(result.network.std[c], std::sqrt(squares / (64 * 256) - mean * mean), 1e-3);
  }
}

TEST(VisionTrainer, TheSeedDecidesTheResult) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 1;
  const auto one = toys.run(task, quiet(5)), again = toys.run(task, quiet(5)), other = toys.run(task, quiet(6));
  EXPECT_EQ(one.network, again.network);
  EXPECT_EQ(one.epochs[0].train_loss, again.epochs[0].train_loss);
  EXPECT_NE(one.network.tensors, other.network.tensors);
}

/// Stops after every epoch there is, within a round and between two, and goes on.
TEST(VisionTrainer, AResumedRunIsTheUninterruptedOne) {
  const Toys toys = hidden_toys();
  for (const Optimiser optimiser : {Optimiser::sgd, Optimiser::adamw}) {
    auto task = toy_task(Adaptation::er_cnn);
    task.rounds = 2;
    task.recipe.optimiser = optimiser;
    task.recipe.learning_rate = optimiser == Optimiser::sgd ? 0.05 : 0.002;
    task.recipe.weight_decay = 0.01;
    task.adaptation_rate = 0.5;
    const auto whole = toys.run(task, quiet());
    ASSERT_EQ(whole.epochs.size(), 4);
    const TemporaryFolder folder;
    for (std::size_t stop = 1; stop < 4; ++stop) {
      auto options = quiet();
      options.checkpoint = folder / ("run" + std::to_string(stop));
      options.stop_after = stop;
      const auto first = toys.run(task, options);
      EXPECT_FALSE(first.finished);
      EXPECT_EQ(first.epochs.size(), stop);
      options.stop_after = 0;
      const auto rest = toys.run(task, options);
      EXPECT_EQ(rest.resumed_from, stop);
      EXPECT_TRUE(rest.finished);
      EXPECT_TRUE(rest.network == whole.network) << to_string(optimiser) << ", stopped after epoch " << stop;
      for (std::size_t e = 0; e < 4; ++e) EXPECT_EQ(rest.epochs[e].train_loss, whole.epochs[e].train_loss);
      // Once more: nothing is left to do.
      const auto nothing = toys.run(task, options);
      EXPECT_EQ(nothing.resumed_from, 4);
      EXPECT_TRUE(nothing.network == whole.network);
    }
  }
}

TEST(VisionTrainer, ACheckpointOfAnotherTrainingIsLeftAside) {
  const Toys toys;
  const TemporaryFolder folder;
  auto options = quiet();
  options.checkpoint = folder / "run";
  auto task = toy_task();
  toys.run(task, options);
  std::string said;
  options.on_note = [&said](const std::string& line) { said += line; };
  task.recipe.learning_rate = 0.04;
  EXPECT_EQ(toys.run(task, options).resumed_from, 0);
  EXPECT_THAT(said, HasSubstr("of another training"));
  auto other = options;
  other.seed = 2;
  EXPECT_EQ(toys.run(task, other).resumed_from, 0);
  EXPECT_EQ(Toys({}, 48).run(task, other).resumed_from, 0) << "other pictures";
  EXPECT_EQ(Toys({}, 48).run(task, other).resumed_from, 2);
  auto rounds = task;
  rounds.rounds = 2;
  EXPECT_EQ(Toys({}, 48).run(rounds, other).resumed_from, 0);
  write_file(folder / "run", std::string("OBSCTRN2 and then nothing that makes sense"));
  EXPECT_THROW(toys.run(task, options), FormatError);
}

TEST(VisionTrainer, RoundsKeepTheAdaptationAndRenewTheNetwork) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 1;
  task.recipe.learning_rate = 1e-30;  // nothing moves but what is zero
  const auto one = toys.run(task, quiet(1)), next = toys.run(task, quiet(2));
  task.rounds = 2;
  const auto two = toys.run(task, quiet(1));
  const auto weights = [](const VisionResult& result, const char* of) { return part(result, of, "weight"); };
  EXPECT_TRUE(weights(two, "adaptation.") == weights(one, "adaptation."));
  EXPECT_FALSE(weights(next, "adaptation.") == weights(one, "adaptation."));
  // The second round's network is drawn from the next seed.
  EXPECT_TRUE(weights(two, "backbone.") == weights(next, "backbone."));
  EXPECT_FALSE(weights(two, "backbone.") == weights(one, "backbone."));
  ASSERT_EQ(two.epochs.size(), 2);
  EXPECT_EQ(two.epochs[1].epoch, 2);
}

TEST(VisionTrainer, RoundsGoOnTrainingTheAdaptation) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 1;
  const auto one = toys.run(task, quiet());
  task.rounds = 2;
  const auto two = toys.run(task, quiet());
  EXPECT_NE(part(two, "adaptation."), part(one, "adaptation."));
  EXPECT_EQ(two.epochs[0].train_loss, one.epochs[0].train_loss) << "the first round is the same";
}

TEST(VisionTrainer, TheAdaptationHasARateOfItsOwn) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 1;
  task.adaptation_rate = 0;
  const auto still = toys.run(task, quiet());
  task.recipe.learning_rate = 1e-30;
  const auto start = toys.run(task, quiet());
  EXPECT_TRUE(part(still, "adaptation.", "weight") == part(start, "adaptation.", "weight"));
  EXPECT_FALSE(part(still, "backbone.", "weight") == part(start, "backbone.", "weight"));
}

TEST(VisionTrainer, StartsFromPretrainedWeightsInEveryRound) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 1;
  task.recipe.learning_rate = 1e-30;
  task.rounds = 2;
  task.pretrained = weights::WeightFile{part(Toys().run(toy_task(), quiet(9)), ""), {}};
  const auto result = toys.run(task, quiet());
  EXPECT_THAT(result.loaded, HasSubstr("matched"));
  EXPECT_EQ(result.network.tensors.at("backbone.conv1.weight"), task.pretrained->tensors.at("conv1.weight"));
}

/// All but the head, or an error that says what and how to accept it.
TEST(VisionTrainer, PretrainedWeightsMustBeOfTheNetwork) {
  const Toys toys;
  auto task = toy_task();
  task.recipe.epochs = 1;
  task.recipe.learning_rate = 1e-30;
  const Tensors good = part(toys.run(task, quiet(9)), "");
  const auto start = [&](Tensors tensors, bool partial = false) {
    task.pretrained = weights::WeightFile{std::move(tensors), {}};
    task.pretrained_partial = partial;
    return toys.run(task, quiet());
  };
  // Heads of other classes and none are what one starts from.
  Tensors other_head = good;
  other_head["fc.weight"] = {{1000, 64}, std::vector<float>(64000)};
  other_head["fc.bias"] = {{1000}, std::vector<float>(1000)};
  EXPECT_THAT(start(other_head).loaded, HasSubstr("2 left as drawn at random"));
  Tensors headless = good;
  headless.erase("fc.weight");
  headless.erase("fc.bias");
  EXPECT_THAT(start(headless).loaded, HasSubstr("2 left as drawn at random; not in the file: fc.bias, fc.weight"));
  // The first convolution of a network for large pictures has another window.
  Tensors large = good;
  large["conv1.weight"] = {{16, 3, 7, 7}, std::vector<float>(16 * 3 * 49)};
  EXPECT_THAT(start(large).loaded, HasSubstr("conv1.weight [16, 3, 7, 7] instead of [16, 3, 3, 3]"));
  // One of many.
  const std::size_t all = good.size();
  const Tensors one = {{"bn1.weight", good.at("bn1.weight")}};
  EXPECT_THAT([&] { start(one); }, ThrowsMessage<MismatchError>(testing::AllOf(
                                       HasSubstr("not of this network"), HasSubstr("1 of "), HasSubstr("conv1.weight"),
                                       HasSubstr("and "), HasSubstr("--pretrained-partial"))));
  EXPECT_GT(all, 20U);
  EXPECT_THAT(start(one, true).loaded, HasSubstr("1 of "));
  // One is missing; one is of grey pictures.
  Tensors missing = good;
  missing.erase("layer2.0.conv1.weight");
  EXPECT_THAT([&] { start(missing); }, ThrowsMessage<MismatchError>(HasSubstr("layer2.0.conv1.weight")));
  Tensors grey = good;
  grey["conv1.weight"] = {{16, 1, 3, 3}, std::vector<float>(16 * 9)};
  EXPECT_THAT([&] { start(grey); }, ThrowsMessage<MismatchError>(HasSubstr("conv1.weight [16, 1, 3, 3]")));
  EXPECT_NO_THROW(start(grey, true));
}

TEST(VisionTrainer, RefusesWhatDoesNotFit) {
  const Toys toys;
  const auto refused = [&toys](const auto& change) {
    auto task = toy_task();
    change(task);
    toys.run(task, quiet());
  };
  EXPECT_THAT([&] { refused([](VisionTask& t) { t.spec.height = 32; }); },
              ThrowsMessage<MismatchError>(testing::AllOf(HasSubstr("3x16x16"), HasSubstr("3x32x16"))));
  EXPECT_THROW(refused([](VisionTask& t) { t.spec.classes = 1; }), MismatchError);
  EXPECT_THROW(refused([](VisionTask& t) { t.spec.network = "resnet9"; }), UsageError);
  EXPECT_THROW(refused([](VisionTask& t) { t.recipe.batch = 0; }), UsageError);
  EXPECT_THROW(refused([](VisionTask& t) { t.rounds = 0; }), UsageError);
  EXPECT_THROW(refused([](VisionTask& t) { t.adaptation_rate = NAN; }), UsageError);
  EXPECT_THROW(refused([](VisionTask& t) { t.recipe.optimiser = Optimiser::muon; }), UsageError);
  EXPECT_THROW(refused([](VisionTask& t) { t.guesses.resize(3); }), UsageError);
  EXPECT_THROW(refused([](VisionTask& t) {
                 t.guesses.resize(3);
                 t.spec.adaptation = Adaptation::er_cnn;
                 t.spec.adaptation_padding = 1;
               }),
               UsageError);
  EXPECT_THROW(refused([](VisionTask& t) {
                 t.guesses.resize(3);
                 t.spec.adaptation = Adaptation::er_cnn;
               }),
               MismatchError);
  auto others = toys.test_set;
  others.classes = {"dark", "light"};
  const auto test = shielded_pictures(others, {});
  EXPECT_THAT([&] { train_vision(toy_task(), *toys.train, *test, quiet()); },
              ThrowsMessage<MismatchError>(HasSubstr("other classes")));
}

TEST(VisionTrainer, ARateThatBlowsUpIsSaidSo) {
  const Toys toys;
  auto task = toy_task();
  task.recipe.learning_rate = 1e30;
  task.recipe.schedule = Schedule::constant;
  task.recipe.epochs = 8;
  EXPECT_THAT([&] { toys.run(task, quiet()); }, ThrowsMessage<Error>(HasSubstr("smaller learning rate")));
}

TEST(VisionRecipes, ArePublishedOrOfTheNetworksKind) {
  for (const auto& name : vision_names()) EXPECT_NO_THROW(check_recipe(vision_recipe(name))) << name;
  EXPECT_EQ(vision_recipe("vit-tiny").optimiser, Optimiser::adamw);
  EXPECT_EQ(vision_recipe("resnet18").optimiser, Optimiser::sgd);
  EXPECT_THROW(vision_recipe("resnet9"), UsageError);
  for (const char* name : {"er-cnn", "color-neuracrypt", "neuracrypt", "ele"}) {
    EXPECT_NO_THROW(check_recipe(published_recipe(name))) << name;
  }
  EXPECT_EQ(published_recipe("er-cnn").learning_rate, 0.002);
  EXPECT_EQ(published_recipe("er-cnn").batch, 32);
  EXPECT_THAT([] { published_recipe("ercnn"); },
              ThrowsMessage<UsageError>(HasSubstr("er-cnn, color-neuracrypt, neuracrypt or ele")));
}

/// A file as one would give it to --pretrained.
weights::WeightFile weights_in(const VisionResult& result) {
  return {result.network.tensors, {}};
}

TEST(VisionTrainer, ANetworkThatStandsStillKeepsItsWeightsAndTheAdaptationLearns) {
  const Toys plain;
  auto first = toy_task();
  first.recipe.epochs = 3;
  const auto pretrained = plain.run(first, quiet());
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 2;
  task.recipe.clip_norm = 1;
  task.pretrained = weights_in(pretrained);
  task.network_rate = 0;
  const auto result = toys.run(task, quiet());
  for (const auto& [name, tensor] : pretrained.network.tensors) {
    const bool statistic = name.find("running_") != std::string::npos || name.ends_with("num_batches_tracked");
    if (statistic) continue;
    EXPECT_EQ(result.network.tensors.at("backbone." + name), tensor) << name;
  }
  task.recipe.epochs = 1;
  EXPECT_NE(part(toys.run(task, quiet()), "adaptation."), part(result, "adaptation."));
}

TEST(VisionTrainer, AnAdaptationIsGoneOnWith) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  const auto first = toys.run(task, quiet());
  task.adaptation_from = first.network;
  task.adaptation_rate = 0;  // what it starts from is what is written
  const auto second = toys.run(task, quiet());
  EXPECT_EQ(part(second, "adaptation."), part(first, "adaptation."));
  EXPECT_NE(part(second, "backbone."), part(first, "backbone."));
  EXPECT_EQ(second.network.mean, first.network.mean);
}

TEST(VisionTrainer, RefusesAnAdaptationThatDoesNotFit) {
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  const auto first = toys.run(task, quiet());
  task.adaptation_from = first.network;
  task.spec.block = 2;
  EXPECT_THAT([&] { toys.run(task, quiet()); },
              ThrowsMessage<MismatchError>(HasSubstr("4x4 and padding 0, not er-cnn")));
  task = toy_task();
  task.network_rate = 0.5;
  EXPECT_THROW(toys.run(task, quiet()), UsageError);
  task = toy_task(Adaptation::er_cnn);
  task.network_rate = 0;
  EXPECT_THAT([&] { toys.run(task, quiet()); }, ThrowsMessage<UsageError>(HasSubstr("pretrained")));
  task = toy_task(Adaptation::er_cnn);
  task.adaptation_from = Toys().run(toy_task(), quiet()).network;
  EXPECT_THAT([&] { toys.run(task, quiet()); }, ThrowsMessage<MismatchError>(HasSubstr("no adaptation")));
}

}  // namespace
}  // namespace obscura::train
