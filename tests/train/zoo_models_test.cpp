// What the models are: layers, parameters and recipes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/graph.h"
#include "train/encrypted/zoo.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Zoo, TensealIsTheTutorialsNetwork) {
  const Model model = make_model("tenseal", {1, 28, 28}, 10);
  const auto& nodes = model.graph.nodes;
  ASSERT_EQ(nodes.size(), 7U);
  const auto& conv = std::get<nn::Conv2d>(nodes[1].layer);
  EXPECT_EQ(conv.weights.size() + conv.bias.size(), 200U);
  EXPECT_EQ(nodes[1].shape, (Shape{4, 8, 8}));
  EXPECT_EQ(std::get<nn::Linear>(nodes[4].layer).weights.size(), 256U * 64U);
  EXPECT_EQ(model.graph.output_shape().size(), 10U);
  EXPECT_EQ(model.recipe.epochs, 10U);
  EXPECT_EQ(model.recipe.batch, 64U);
  EXPECT_DOUBLE_EQ(model.recipe.learning_rate, 0.001);
}

std::size_t parameters_of(const nn::Graph& graph) {
  std::size_t count = 0;
  for (const nn::Node& node : graph.nodes) {
    if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) count += conv->weights.size() + conv->bias.size();
    if (const auto* linear = std::get_if<nn::Linear>(&node.layer))
      count += linear->weights.size() + linear->bias.size();
    if (const auto* norm = std::get_if<nn::BatchNorm>(&node.layer)) count += norm->scale.size() + norm->shift.size();
    if (const auto* polynomial = std::get_if<nn::Polynomial>(&node.layer)) count += 2 * polynomial->coefficients.size();
  }
  return count;
}

TEST(Zoo, NetworksHaveTheParametersThatTheirDescriptionsSay) {
  const Shape digits{1, 28, 28};
  const auto count = [](const char* name, const Shape& input) {
    return parameters_of(make_model(name, input, 10).graph);
  };
  EXPECT_EQ(count("tenseal", digits), 200U + 256 * 64 + 64 + 650);
  EXPECT_EQ(count("cryptondl1", digits), 600U + 768 * 64 + 64 + 650);
  EXPECT_EQ(count("cryptondl2", digits), 120U + 972 * 64 + 64 + 650);
  EXPECT_EQ(count("obscura-s", digits), 588U + 4 * 12 + 768 * 128 + 4 * 128 + 1290);
  EXPECT_EQ(count("obscura-l", digits), 400U + 4 * 16 + 4608 + 4 * 32 + 1568 * 128 + 4 * 128 + 1290);
  EXPECT_EQ(count("lenet5", digits), 800U + 4 * 32 + 51200 + 4 * 64 + 3136 * 512 + 4 * 512 + 5130);
  // 1,166,506 with a and b of the quadratics, whose batch norms have nothing to train.
  EXPECT_EQ(count("obscura-m", {3, 32, 32}) - 2 * (32 + 2 * 64 + 2 * 128 + 2 * 256), 1166506U);
}

TEST(Zoo, RecipesOfThePaperAreThePapers) {
  const Recipe crypton = model_recipe("cryptondl2", "fashion-mnist");
  EXPECT_EQ(crypton.epochs, 5U);
  EXPECT_EQ(crypton.optimiser, Optimiser::rmsprop);
  EXPECT_DOUBLE_EQ(crypton.learning_rate, 0.001);
  EXPECT_EQ(model_recipe("obscura-s", "fashion-mnist").augmentation.flip, true);
  EXPECT_EQ(model_recipe("obscura-s", "mnist").augmentation.flip, false) << "a mirrored digit is another sign";
  for (const auto& name : model_names()) EXPECT_NO_THROW(check_recipe(model_recipe(name)));
}

TEST(Zoo, RcnnIsThePapersNetworkAndTraining) {
  const Model model = make_model("rcnn", {3, 32, 32}, 10, "cifar-10");
  EXPECT_EQ(parameters_of(model.graph), 896U + 9248 + 18496 + 36928 + 73856 + 147584 + 20490);
  std::vector<std::string> layers;
  for (const nn::Node& node : model.graph.nodes) layers.push_back(nn::layer_name(node.layer));
  const std::vector<std::string> pair{"Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool"};
  std::vector<std::string> expected{"Input"};
  for (int i = 0; i < 3; ++i) expected.insert(expected.end(), pair.begin(), pair.end());
  expected.insert(expected.end(), {"Flatten", "Linear"});
  EXPECT_EQ(layers, expected);
  EXPECT_EQ(model.graph.nodes[16].shape.size(), 2048U) << "the features";
  const Recipe& recipe = model.recipe;
  EXPECT_EQ(recipe.batch, 64U);
  EXPECT_EQ(recipe.optimiser, Optimiser::rmsprop);
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 0), 0.001);
  EXPECT_DOUBLE_EQ(learning_rate_at(recipe, 1), 0.0003);
  EXPECT_DOUBLE_EQ(recipe.weight_decay, 1e-4);
  EXPECT_EQ(recipe.pool_dropout, (std::vector<double>{0.2, 0.3, 0.4}));
  EXPECT_TRUE(recipe.augmentation.one_of_eight);
}

TEST(Zoo, UnknownModelsAndImages) {
  EXPECT_THAT([] { make_model("resnet", {1, 28, 28}, 10); }, ThrowsMessage<UsageError>(HasSubstr("choose tenseal")));
  EXPECT_THAT(
      [] {
        make_model("obscura-m", {3, 36, 32}, 10);
      },
      ThrowsMessage<UnsupportedError>(HasSubstr("takes images of one or three channels, sides from 8 that are "
                                                "multiples of 8 (usually 3x32x32), not 3x36x32")));
  EXPECT_THROW(make_model("tenseal", {1, 6, 28}, 10), UnsupportedError);
  EXPECT_THROW(make_model("tenseal", {2, 28, 28}, 10), UnsupportedError);
  EXPECT_THAT(
      [] {
        make_model("lenet5", {1, 1024, 1024}, 10);
      },
      ThrowsMessage<UnsupportedError>(HasSubstr("take smaller images")));
  EXPECT_THROW(make_model("tenseal", {1, 28, 28}, 1), UnsupportedError);
}

}  // namespace
}  // namespace obscura::train
