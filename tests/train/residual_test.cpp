// The deep models: what they are made of, and that what is written is what was trained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "train/encrypted/network.h"
#include "train/encrypted/trainer.h"
#include "train/encrypted/zoo.h"
#include "train/updater.h"

namespace obscura::train {
namespace {

template <typename Layer>
std::size_t count(const nn::Graph& graph) {
  return static_cast<std::size_t>(
      std::ranges::count_if(graph.nodes, [](const auto& node) { return std::holds_alternative<Layer>(node.layer); }));
}

std::size_t convolution_weights(const nn::Graph& graph) {
  std::size_t sum = 0;
  for (const nn::Node& node : graph.nodes) {
    if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) sum += conv->weights.size();
  }
  return sum;
}

/// Weights of the 3x3 convolutions of a published ResNet of so many blocks a group, and of two 1x1 shortcuts.
std::size_t published_weights(std::size_t blocks) {
  const std::size_t groups = 9 * (2 * blocks * 16 * 16 + (2 * blocks - 1) * (32 * 32 + 64 * 64) + 16 * 32 + 32 * 64);
  return 9 * 3 * 16 + groups + 16 * 32 + 32 * 64;
}

struct Expected {
  const char* name;
  std::size_t quadratics, convolutions, sums;
};

class DeepModelTest : public ::testing::TestWithParam<Expected> {
 protected:
  /// For pictures of 8x8, four classes.
  Model small() const { return make_model(GetParam().name, {3, 8, 8}, 4); }
};

TEST_P(DeepModelTest, HasTheLayersThatItIsNamedFor) {
  const nn::Graph graph = make_model(GetParam().name, {3, 32, 32}, 10).graph;
  EXPECT_EQ(count<nn::Polynomial>(graph), GetParam().quadratics);
  EXPECT_EQ(count<nn::Conv2d>(graph), GetParam().convolutions);
  EXPECT_EQ(count<nn::Add>(graph), GetParam().sums);
  for (const nn::Node& node : graph.nodes) {
    if (!std::holds_alternative<nn::Polynomial>(node.layer)) continue;
    const nn::Node& before = graph.nodes[node.inputs[0]];
    ASSERT_TRUE(std::holds_alternative<nn::BatchNorm>(before.layer)) << node.name;
    EXPECT_FALSE(std::holds_alternative<nn::Polynomial>(graph.nodes[before.inputs[0]].layer)) << node.name;
  }
  EXPECT_EQ(graph.output_shape().size(), 10U);
}

/// Some steps of its own recipe on drawn pictures; what runs elsewhere is what the module answers.
TEST_P(DeepModelTest, WhatIsWrittenAnswersAsTheTrainedModule) {
  const Model model = small();
  torch::manual_seed(11);
  const Recipe& r = model.recipe;
  Network network(model.graph, {r.normalised_squares, r.range_bound, r.range_weight, r.range_limit});
  Updater updater(r, update_groups(r, network));
  network.train();
  for (int i = 0; i < 6; ++i) {
    network.freeze_norms(i == 5);
    updater.zero_gradients();
    torch::cross_entropy_loss(network.forward(torch::randn({32, 3, 8, 8})), torch::randint(0, 4, {32})).backward();
    ASSERT_TRUE(updater.step(0.5)) << "step " << i;
  }
  network.eval();
  const torch::NoGradGuard no_grad;
  const auto images = torch::randn({3, 3, 8, 8});
  const auto logits = network.forward(images);
  const auto written = nn::read_onnx(nn::to_onnx(nn::fold_batch_norms(network.to_graph())), "memory");
  const double size = logits.abs().max().item<double>();
  ASSERT_GT(size, 0.01);
  for (std::int64_t n = 0; n < 3; ++n) {
    const auto flat = images[n].contiguous();
    const auto plain = nn::run_reference(written, {flat.data_ptr<float>(), 192});
    for (std::int64_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(plain[static_cast<std::size_t>(k)], logits[n][k].item<double>(), 1e-3 * size) << n << " " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, DeepModelTest,
                         ::testing::Values(Expected{"resnet20", 19, 21, 9}, Expected{"resnet32", 31, 33, 15},
                                           Expected{"vgg-s", 8, 8, 0}, Expected{"obscura-x", 11, 13, 5}),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           std::erase(name, '-');
                           return name;
                         });

TEST(DeepModels, ResidualOnesHaveThePublishedWeights) {
  EXPECT_EQ(convolution_weights(make_model("resnet20", {3, 32, 32}, 10).graph), published_weights(3));
  EXPECT_EQ(convolution_weights(make_model("resnet32", {3, 32, 32}, 10).graph), published_weights(5));
  EXPECT_EQ(convolution_weights(make_model("resnet20-relu", {3, 32, 32}, 10).graph), published_weights(3));
  // 0.27 and 0.46 million in He et al.'s table 6, whose shortcuts have no weights.
  EXPECT_NEAR(static_cast<double>(published_weights(3)) / 1e6, 0.27, 0.005);
  EXPECT_NEAR(static_cast<double>(published_weights(5)) / 1e6, 0.46, 0.01);
}

/// Pictures of a colour each, which is the class, on noise.
image::Dataset colours(std::size_t count, std::uint64_t seed) {
  image::Dataset set{"colours", {"red", "green", "blue", "none"}, {}, {}, count, 3, 8, 8};
  std::mt19937_64 engine(seed);
  for (std::size_t n = 0; n < count; ++n) {
    set.labels.push_back(static_cast<std::int64_t>(n % 4));
    for (std::size_t i = 0; i < 192; ++i) {
      set.images.push_back(static_cast<std::uint8_t>((i / 64 == n % 4 ? 120 : 0) + engine() % 100));
    }
  }
  return set;
}

TEST(DeepModels, ResNet20LearnsAndGoesOnAsIfNothingHadHappened) {
  const image::Dataset train_set = colours(320, 1), test_set = colours(80, 2);
  const Model model = make_model("resnet20", {3, 8, 8}, 4);
  Recipe recipe = model.recipe;
  recipe.epochs = 6;
  recipe.batch = 32;
  recipe.weight_average = 0.8;  // there are few steps
  RunOptions options;
  options.progress = false;
  const auto whole = train(model.graph, recipe, train_set, test_set, options);
  EXPECT_GE(whole.test.accuracy, 0.6);
  ASSERT_EQ(whole.activations.size(), 19U);
  ASSERT_EQ(whole.outliers.size(), 3U);
  EXPECT_EQ(whole.test.images, 80U);

  options.checkpoint =
      std::filesystem::temp_directory_path() / ("obscura-residual-" + std::to_string(::getpid()) + ".checkpoint");
  for (const std::size_t epoch : {2, 5}) {  // before and after norms are frozen
    options.stop_after = epoch;
    EXPECT_FALSE(train(model.graph, recipe, train_set, test_set, options).finished);
  }
  options.stop_after = 0;
  const auto resumed = train(model.graph, recipe, train_set, test_set, options);
  EXPECT_EQ(resumed.resumed_from, 5U);
  EXPECT_EQ(nn::to_onnx(resumed.graph), nn::to_onnx(whole.graph));
  std::filesystem::remove(options.checkpoint);
}

}  // namespace
}  // namespace obscura::train
