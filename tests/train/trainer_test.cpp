#include "train/encrypted/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "image/dataset.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "train/blas.h"
#include "train/curve.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Bars of four directions on noise: learnt within an epoch or two.
image::Dataset bars(std::size_t count, std::uint64_t seed) {
  image::Dataset set{"bars", {"row", "column", "block", "blank"}, {}, {}, count, 1, 12, 12};
  std::mt19937_64 engine(seed);
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t label = n % 4;
    const std::size_t at = engine() % 10;
    for (std::size_t y = 0; y < 12; ++y) {
      for (std::size_t x = 0; x < 12; ++x) {
        const bool row = y == at || y == at + 1;
        const bool column = x == at || x == at + 1;
        const bool on = (label == 0 && row) || (label == 1 && column) || (label == 2 && (row || column));
        set.images.push_back(static_cast<std::uint8_t>((on ? 200 : 0) + engine() % 40));
      }
    }
    set.labels.push_back(static_cast<std::int64_t>(label));
  }
  return set;
}

/// Every kind of layer that can be trained, with a residual.
nn::Graph small_network() {
  nn::Graph graph = nn::make_graph("small", {1, 12, 12});
  const auto conv = [](std::size_t in, std::size_t out, std::size_t kernel) {
    nn::Conv2d made;
    made.out_channels = out;
    made.kernel = {kernel, kernel};
    made.weights.assign(in * out * kernel * kernel, 0.0F);
    made.bias.assign(out, 0.0F);
    return made;
  };
  nn::Conv2d first = conv(1, 4, 3);
  first.padding = {1, 0, 2, 1};
  nn::add_node(graph, "conv1", first, {0});
  nn::add_node(graph, "norm", nn::BatchNorm{std::vector<float>(4, 1.0F), std::vector<float>(4, 0.0F)}, {1});
  nn::add_node(graph, "poly", nn::Polynomial{std::vector<std::vector<double>>(4, {0.0, 1.0, 0.2})}, {2});
  nn::add_node(graph, "pool", nn::AvgPool{{2, 2}, {2, 2}, {0, 0, 0, 0}, false}, {3});
  nn::add_node(graph, "conv2", conv(4, 4, 1), {4});
  nn::add_node(graph, "add", nn::Add{}, {4, 5});
  nn::add_node(graph, "flatten", nn::Flatten{}, {6});
  const std::size_t flat = graph.output_shape().size();
  nn::add_node(graph, "fc1", nn::Linear{8, std::vector<float>(8 * flat), std::vector<float>(8)}, {7});
  nn::add_node(graph, "square", nn::Square{}, {8});
  nn::add_node(graph, "fc2", nn::Linear{4, std::vector<float>(32), std::vector<float>(4)}, {9});
  return graph;
}

Recipe quick_recipe() {
  Recipe recipe;
  recipe.epochs = 4;
  recipe.batch = 32;
  recipe.learning_rate = 0.01;
  return recipe;
}

RunOptions silent() {
  RunOptions options;
  options.progress = false;
  return options;
}

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::temp_directory_path() / ("obscura-train-" + std::to_string(::getpid()) + "-" + name);
}

class TrainerTest : public ::testing::Test {
 protected:
  const image::Dataset train_set_ = bars(640, 1);
  const image::Dataset test_set_ = bars(200, 2);
};

TEST_F(TrainerTest, LearnsAndExportsWhatItLearnt) {
  const auto result = train(small_network(), quick_recipe(), train_set_, test_set_, silent());
  EXPECT_GE(result.test.accuracy, 0.95);
  ASSERT_EQ(result.epochs.size(), 4U);
  EXPECT_LT(result.epochs.back().train_loss, result.epochs.front().train_loss);
  ASSERT_EQ(result.activations.size(), 2U);
  EXPECT_EQ(result.activations[0].layer, "poly");
  EXPECT_GT(result.activations[1].max_abs, result.activations[1].rms);

  const nn::Graph back = nn::read_onnx(nn::to_onnx(result.graph), "memory");
  EXPECT_TRUE(back.preprocessing.stated);
  EXPECT_EQ(back.preprocessing.classes, train_set_.classes);
  std::size_t correct = 0;
  for (std::size_t n = 0; n < test_set_.count; ++n) {
    const auto logits = nn::run_reference(back, preprocess(test_set_.pixels(n), back.preprocessing));
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    correct += best == test_set_.labels[n] ? 1 : 0;
    for (const nn::Node& node : back.nodes) ASSERT_NE(nn::layer_name(node.layer), "BatchNorm");
  }
  EXPECT_NEAR(static_cast<double>(correct) / 200, result.test.accuracy, 0.0051);
}

TEST_F(TrainerTest, EveryOptimiserAndOptionLearns) {
  for (const Optimiser optimiser :
       {Optimiser::adam, Optimiser::adamw, Optimiser::rmsprop, Optimiser::sgd, Optimiser::muon}) {
    Recipe recipe = quick_recipe();
    recipe.optimiser = optimiser;
    recipe.learning_rate = optimiser == Optimiser::rmsprop ? 0.003 : 0.01;
    recipe.schedule = Schedule::one_cycle;
    recipe.weight_decay = 1e-4;
    recipe.label_smoothing = 0.05;
    recipe.clip_norm = 1;
    recipe.range_weight = 0.1;
    recipe.augmentation = parse_augmentation("flip");
    recipe.plain_epochs = 1;
    const auto result = train(small_network(), recipe, train_set_, test_set_, silent());
    EXPECT_GE(result.test.accuracy, 0.7) << to_string(optimiser);
  }
}

/// Everything that the deep networks are trained with, at once.
Recipe deep_recipe() {
  Recipe recipe = quick_recipe();
  recipe.learning_rate = 0.05;
  recipe.optimiser = Optimiser::muon;
  recipe.schedule = Schedule::one_cycle;
  recipe.warm_up = 0.2;
  recipe.weight_decay = 5e-4;
  recipe.label_smoothing = 0.1;
  recipe.clip_norm = 1;
  recipe.range_weight = 50;
  recipe.range_limit = 2;
  recipe.range_bound = 6;
  recipe.freeze_norms = 0.5;
  recipe.normalised_squares = true;
  recipe.augmentation = parse_augmentation("crop+flip+cutout");
  recipe.augmentation.crop = 1;
  recipe.augmentation.cutout = 2;
  return recipe;
}

TEST_F(TrainerTest, TheDeepRecipeLearnsKeepsRangesAndResumes) {
  const auto whole = train(small_network(), deep_recipe(), train_set_, test_set_, silent());
  EXPECT_GE(whole.test.accuracy, 0.9);
  ASSERT_EQ(whole.outliers.size(), 3U);
  EXPECT_EQ(whole.skipped_steps, 0U);
  EXPECT_GE(whole.activations[0].max_abs, whole.activations[0].p999);

  RunOptions options = silent();
  options.checkpoint = temporary("deep");
  for (const std::size_t epoch : {1, 3}) {  // in the warm-up and with frozen norms
    options.stop_after = epoch;
    EXPECT_FALSE(train(small_network(), deep_recipe(), train_set_, test_set_, options).finished);
  }
  options.stop_after = 0;
  const auto resumed = train(small_network(), deep_recipe(), train_set_, test_set_, options);
  EXPECT_EQ(resumed.resumed_from, 3U);
  EXPECT_EQ(nn::to_onnx(resumed.graph), nn::to_onnx(whole.graph));
  std::filesystem::remove(options.checkpoint);

  Recipe loose = deep_recipe();
  loose.range_weight = 0;
  const auto wild = train(small_network(), loose, train_set_, test_set_, silent());
  EXPECT_LT(whole.activations[0].p999, wild.activations[0].p999) << "the penalty pulls ranges in";
}

/// With maximum pools, values left out behind them, and one of eight transforms a picture.
TEST_F(TrainerTest, MaximumPoolsLearnAndResumeWithTheSameDraws) {
  nn::Graph graph = nn::make_graph("maximal", {1, 12, 12});
  nn::Conv2d conv;
  conv.out_channels = 8;
  conv.kernel = {3, 3};
  conv.padding = {1, 1, 1, 1};
  conv.weights.assign(72, 0.0F);
  nn::add_node(graph, "conv", conv, {0});
  nn::add_node(graph, "relu", nn::Activation{nn::Activation::Kind::relu}, {1});
  nn::add_node(graph, "pool", nn::MaxPool{{2, 2}, {2, 2}}, {2});
  nn::add_node(graph, "fc", nn::Linear{4, std::vector<float>(4 * 288), std::vector<float>(4)}, {3});
  Recipe recipe = quick_recipe();
  recipe.pool_dropout = {0.2};
  recipe.augmentation = parse_augmentation("one-of-eight");
  const auto whole = train(graph, recipe, train_set_, test_set_, silent());
  EXPECT_GE(whole.test.accuracy, 0.9);
  RunOptions options = silent();
  options.checkpoint = temporary("maximal");
  options.stop_after = 2;
  EXPECT_FALSE(train(graph, recipe, train_set_, test_set_, options).finished);
  options.stop_after = 0;
  const auto resumed = train(graph, recipe, train_set_, test_set_, options);
  EXPECT_EQ(nn::to_onnx(resumed.graph), nn::to_onnx(whole.graph));
  recipe.pool_dropout = {};
  EXPECT_NE(nn::to_onnx(train(graph, recipe, train_set_, test_set_, silent()).graph), nn::to_onnx(whole.graph));
  std::filesystem::remove(options.checkpoint);
}

TEST_F(TrainerTest, AveragedWeightsAreKeptAndResumed) {
  Recipe recipe = deep_recipe();
  recipe.weight_average = 0.9;
  const auto averaged = train(small_network(), recipe, train_set_, test_set_, silent());
  EXPECT_GE(averaged.test.accuracy, 0.9);
  const auto last = train(small_network(), deep_recipe(), train_set_, test_set_, silent());
  ASSERT_EQ(averaged.epochs.size(), last.epochs.size());
  for (std::size_t e = 0; e < last.epochs.size(); ++e) {
    EXPECT_EQ(averaged.epochs[e].train_loss, last.epochs[e].train_loss)
        << "what is learnt does not look at the average";
  }
  EXPECT_NE(nn::to_onnx(averaged.graph), nn::to_onnx(last.graph));

  RunOptions options = silent();
  options.checkpoint = temporary("averaged");
  options.stop_after = 3;
  EXPECT_FALSE(train(small_network(), recipe, train_set_, test_set_, options).finished);
  options.stop_after = 0;
  const auto resumed = train(small_network(), recipe, train_set_, test_set_, options);
  EXPECT_EQ(resumed.resumed_from, 3U);
  EXPECT_EQ(nn::to_onnx(resumed.graph), nn::to_onnx(averaged.graph));
  std::filesystem::remove(options.checkpoint);
}

TEST_F(TrainerTest, ATeacherAloneTeachesAndIsPartOfTheRun) {
  const auto teacher = train(small_network(), quick_recipe(), train_set_, test_set_, silent());
  ASSERT_GE(teacher.test.accuracy, 0.95);
  // Labels that say nothing: what is learnt comes from the teacher.
  image::Dataset unlabelled = train_set_;
  std::ranges::fill(unlabelled.labels, 0);
  Recipe recipe = quick_recipe();
  recipe.validation_share = 0;  // such labels cannot choose, either
  recipe.teacher_share = 1;
  recipe.teacher_temperature = 2;
  RunOptions options = silent();
  options.teacher = std::make_shared<const nn::Graph>(teacher.graph);
  options.checkpoint = temporary("taught");
  options.seed = 3;
  options.stop_after = 3;
  train(small_network(), recipe, unlabelled, test_set_, options);
  options.stop_after = 0;
  const auto taught = train(small_network(), recipe, unlabelled, test_set_, options);
  EXPECT_EQ(taught.resumed_from, 3U);
  EXPECT_GE(taught.test.accuracy, 0.8);
  options.teacher = std::make_shared<const nn::Graph>(taught.graph);
  EXPECT_EQ(train(small_network(), recipe, unlabelled, test_set_, options).resumed_from, 0U) << "another teacher";
  std::filesystem::remove(options.checkpoint);

  nn::Graph narrow = nn::make_graph("narrow", {1, 12, 12});
  nn::add_node(narrow, "fc", nn::Linear{3, std::vector<float>(432), std::vector<float>(3)}, {0});
  options.teacher = std::make_shared<const nn::Graph>(narrow);
  EXPECT_THROW(train(small_network(), recipe, train_set_, test_set_, options), MismatchError);
}

TEST_F(TrainerTest, SameSeedSameNetwork) {
  Recipe recipe = quick_recipe();
  recipe.epochs = 2;
  recipe.augmentation = parse_augmentation("affine");
  const auto a = train(small_network(), recipe, train_set_, test_set_, silent());
  const auto b = train(small_network(), recipe, train_set_, test_set_, silent());
  RunOptions other = silent();
  other.seed = 2;
  const auto c = train(small_network(), recipe, train_set_, test_set_, other);
  EXPECT_EQ(nn::to_onnx(a.graph), nn::to_onnx(b.graph));
  EXPECT_NE(nn::to_onnx(a.graph), nn::to_onnx(c.graph));
}

TEST_F(TrainerTest, AnInterruptedRunGoesOnAsIfNothingHappened) {
  const auto path = temporary("resume");
  const auto whole = train(small_network(), quick_recipe(), train_set_, test_set_, silent());
  RunOptions options = silent();
  options.checkpoint = path;
  options.stop_after = 2;
  EXPECT_FALSE(train(small_network(), quick_recipe(), train_set_, test_set_, options).finished);
  options.stop_after = 0;
  std::vector<std::string> notes;
  options.on_note = [&](const std::string& note) { notes.push_back(note); };
  const auto resumed = train(small_network(), quick_recipe(), train_set_, test_set_, options);
  EXPECT_EQ(resumed.resumed_from, 2U);
  EXPECT_EQ(resumed.choice.kept_epoch, whole.choice.kept_epoch);
  EXPECT_THAT(notes, ::testing::ElementsAre("going on after epoch 2 of 4"));
  EXPECT_EQ(resumed.epochs.size(), 4U);
  EXPECT_EQ(nn::to_onnx(resumed.graph), nn::to_onnx(whole.graph));

  Recipe other = quick_recipe();
  other.learning_rate = 0.02;
  EXPECT_EQ(train(small_network(), other, train_set_, test_set_, options).resumed_from, 0U);
  EXPECT_THAT(notes.back(), HasSubstr("starting afresh"));
  std::filesystem::remove(path);
}

TEST_F(TrainerTest, ADamagedCheckpointIsSaid) {
  const auto path = temporary("damaged");
  RunOptions options = silent();
  options.checkpoint = path;
  options.stop_after = 1;
  train(small_network(), quick_recipe(), train_set_, test_set_, options);
  auto bytes = read_file(path);
  bytes[bytes.size() / 2] ^= 1;
  write_file(path, bytes);
  const auto run = [&] { train(small_network(), quick_recipe(), train_set_, test_set_, options); };
  EXPECT_THAT(run, ThrowsMessage<FormatError>(HasSubstr("delete it to start again")));
  bytes.resize(5);
  write_file(path, bytes);
  EXPECT_THAT(run, ThrowsMessage<FormatError>(HasSubstr("truncated")));
  std::filesystem::remove(path);
}

TEST_F(TrainerTest, RefusesWhatDoesNotFit) {
  const auto run = [&](const Recipe& recipe, const image::Dataset& set) {
    train(small_network(), recipe, set, test_set_, silent());
  };
  Recipe recipe = quick_recipe();
  recipe.learning_rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(run(recipe, train_set_), UsageError);
  recipe = quick_recipe();
  recipe.batch = 0;
  EXPECT_THROW(run(recipe, train_set_), UsageError);
  image::Dataset labels = train_set_;
  labels.labels[3] = 4;
  EXPECT_THROW(run(quick_recipe(), labels), MismatchError);
  image::Dataset shape = train_set_;
  shape.height = 6;
  shape.count *= 2;
  EXPECT_THROW(run(quick_recipe(), shape), MismatchError);
  EXPECT_THROW(run(quick_recipe(), image::Dataset{}), MismatchError);
}

TEST_F(TrainerTest, ABreakdownIsSaid) {
  Recipe recipe = quick_recipe();
  recipe.optimiser = Optimiser::sgd;
  recipe.learning_rate = 1e6;
  EXPECT_THAT([&] { train(small_network(), recipe, train_set_, test_set_, silent()); },
              ThrowsMessage<Error>(HasSubstr("try a smaller learning rate")));
}

TEST_F(TrainerTest, Curves) {
  Recipe recipe = quick_recipe();
  recipe.epochs = 1;
  const auto result = train(small_network(), recipe, train_set_, test_set_, silent());
  const CurveHeader header{"a<b", "bars", "obscura train", describe(recipe), 7, 1, 50};
  const auto json = nlohmann::json::parse(curve_json(header, result));
  EXPECT_EQ(json["epochs"].size(), 1U);
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["activations"][1]["layer"], "square");
  EXPECT_DOUBLE_EQ(json["test_accuracy"], result.test.accuracy);
  EXPECT_EQ(json["kept_epoch"], 1);
  EXPECT_EQ(json["chosen_by"], "validation_accuracy");
  EXPECT_EQ(json["validation_from"], "held_back");
  EXPECT_EQ(json["images"], (nlohmann::json{{"training", 576}, {"validation", 64}, {"test", 200}}));
  EXPECT_EQ(json["epochs"][0]["validation_accuracy"], result.epochs[0].validation_accuracy);
  EXPECT_FALSE(json["epochs"][0].contains("test_accuracy"));
  EXPECT_EQ(json["test"]["classes"].size(), 4U);
  EXPECT_EQ(json["test"]["images"], 200);
  EXPECT_TRUE(json["class_weights"].is_null());
  const auto svg = curve_svg(header, result);
  EXPECT_THAT(svg, HasSubstr("a&lt;b on bars"));
  EXPECT_THAT(svg, HasSubstr("</svg>"));
}

TEST(Recipe, WordsAndRates) {
  EXPECT_EQ(parse_optimiser("rmsprop"), Optimiser::rmsprop);
  EXPECT_THROW(parse_optimiser("lion"), UsageError);
  EXPECT_THROW(parse_schedule("sine"), UsageError);
  EXPECT_THROW(parse_augmentation("cutout"), UsageError);
  EXPECT_EQ(parse_augmentation("crop+flip+cutout").cutout, 8U);
  EXPECT_EQ(parse_augmentation("crop+flip").crop, 4U);
  EXPECT_EQ(parse_augmentation("shift+flip").limits.rotation_degrees, 0);
  for (const Optimiser optimiser : {Optimiser::adam, Optimiser::adamw, Optimiser::muon}) {
    EXPECT_EQ(parse_optimiser(to_string(optimiser)), optimiser);
  }
  EXPECT_FALSE(parse_augmentation("none").affine);
  EXPECT_TRUE(parse_augmentation("affine+flip").flip);
  Recipe recipe;
  EXPECT_EQ(learning_rate_at(recipe, 0.9), recipe.learning_rate);
  recipe.schedule = Schedule::one_cycle;
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 0.15), recipe.learning_rate);
  EXPECT_LT(learning_rate_at(recipe, 0.0), 0.1 * recipe.learning_rate);
  EXPECT_LT(learning_rate_at(recipe, 0.99), 0.1 * recipe.learning_rate);
  recipe.schedule = parse_schedule("mild-steps");
  EXPECT_EQ(to_string(recipe.schedule), "mild-steps");
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 0.0), 0.001);
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 0.59), 0.001);
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 0.61), 0.0005);
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 0.81), 0.0003);
  EXPECT_TRUE(parse_augmentation("one-of-eight").one_of_eight);
  recipe.pool_dropout = {0.2, 1};
  EXPECT_THAT([&] { check_recipe(recipe); }, ThrowsMessage<UsageError>(HasSubstr("must be in [0, 1)")));
}

TEST(Blas, IsMeasured) {
  set_math_threads(1);
  EXPECT_GT(measure_gemm_gflops(), 0.1);
}

}  // namespace
}  // namespace obscura::train
