// Where adaptations start from.
#include "train/vision/start.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "shield/hill.h"
#include "train/toy_training.h"
#include "train/vision/input.h"

namespace obscura::train {
namespace {

class AdaptationStart : public ::testing::Test {
 protected:
  AdaptationStart() {
    torch::set_num_threads(1);
    torch::manual_seed(4);
    VisionSpec spec{.network = "resnet8", .height = 16, .width = 16, .classes = 2, .adaptation = Adaptation::er_cnn};
    module_ = make_vision(spec);
    adaptation_ = adaptation_of(*module_);
  }

  std::shared_ptr<VisionModule> module_;
  std::shared_ptr<VisionModule> adaptation_;
};

TEST_F(AdaptationStart, WhitenedBlocksAreUncorrelated) {
  // Neighbours that are alike, other channels on another scale.
  auto images = torch::randn({200, 3, 16, 16});
  images = images + 0.8 * torch::roll(images, 1, 3) + 0.5 * torch::roll(images, 1, 2);
  images = images * torch::tensor({1.0F, 30.0F, 0.1F}).view({1, 3, 1, 1}) + 2;
  whiten_adaptation(*adaptation_, images);
  const torch::NoGradGuard no_grad;
  const auto parameters = adaptation_->named_parameters();
  const torch::Tensor maps = torch::nn::functional::conv2d(
      images, parameters["conv.weight"],
      torch::nn::functional::Conv2dFuncOptions().bias(parameters["conv.bias"]).stride(4).groups(3));
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto samples = maps.slice(1, 16 * c, 16 * (c + 1)).permute({0, 2, 3, 1}).reshape({-1, 16});
    EXPECT_LT(samples.mean(0).abs().max().item<double>(), 1e-3);
    const auto covariance = samples.t().matmul(samples) / static_cast<double>(samples.size(0));
    EXPECT_LT((covariance - torch::eye(16)).abs().max().item<double>(), 1e-2);
  }
}

TEST_F(AdaptationStart, WhiteningSurvivesBlocksThatDoNotVary) {
  whiten_adaptation(*adaptation_, torch::ones({10, 3, 16, 16}));
  for (const auto& item : adaptation_->named_parameters()) {
    EXPECT_TRUE(torch::isfinite(item.value()).all().item<bool>()) << item.key();
  }
}

std::vector<BlockGuess> exact_guesses(const shield::RealHill& hill) {
  const auto map = hill.block_map(3, 16, 16);
  std::vector<BlockGuess> out(3);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 16; ++i) {
      // The map has columns for what goes in, the guess has row vectors.
      for (std::size_t j = 0; j < 16; ++j) out[c].inverse.push_back(map->inverse[(c * 16 + j) * 48 + c * 16 + i]);
    }
    out[c].plain_mean.assign(16, 0);
    out[c].protected_mean.assign(16, 0);
  }
  return out;
}

TEST_F(AdaptationStart, TheExactKeyGivesPlainPixels) {
  const auto key = toy_key("hill", 4);
  const shield::RealHill hill(key.parameters, key.seed);
  auto guesses = exact_guesses(hill);
  // Any pair of means that the key maps to each other says the same.
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t j = 0; j < 16; ++j) {
      guesses[c].plain_mean[j] = 100;
      guesses[c].protected_mean[j] = 0;
      for (std::size_t i = 0; i < 16; ++i) guesses[c].protected_mean[j] += 100 * hill.key(c).at(i, j);
    }
  }
  const std::vector<float> mean = {10, -20, 30}, std = {300, 200, 100};
  start_adaptation(*adaptation_, guesses, mean, std);
  const Toys toys = hidden_toys();
  std::vector<float> hidden(4 * 768);
  toys.train->read(std::vector<std::int64_t>{0, 1, 2, 3}, hidden);
  const torch::NoGradGuard no_grad;
  const auto made = adaptation_->forward(InputForm({3, 16, 16}, mean, std).tensor(hidden)).contiguous();
  double worst = 0;
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const double pixel = made.data_ptr<float>()[i] * 64.0 + 127.5;
    worst = std::max(worst, std::abs(pixel - toys.train_set.images[i]));
  }
  EXPECT_LT(worst, 0.05);
}

TEST_F(AdaptationStart, GuessesAtOtherPicturesAreRefused) {
  const auto key = toy_key("hill", 4);
  auto guesses = exact_guesses({key.parameters, key.seed});
  const std::vector<float> mean(3, 0), std(3, 1);
  auto few = guesses;
  few.pop_back();
  EXPECT_THROW(start_adaptation(*adaptation_, few, mean, std), MismatchError);
  guesses[1].inverse.pop_back();
  EXPECT_THROW(start_adaptation(*adaptation_, guesses, mean, std), MismatchError);
  VisionSpec spec{.network = "resnet8", .height = 16, .width = 16, .classes = 2, .adaptation = Adaptation::tanaka};
  const auto other = make_vision(spec);
  EXPECT_THROW(start_adaptation(*adaptation_of(*other), guesses, mean, std), UnsupportedError);
  EXPECT_THROW(whiten_adaptation(*adaptation_of(*other), torch::ones({1, 3, 16, 16})), UnsupportedError);
}

TEST(VisionTrainer, AnExactGuessSurvivesTheWayIntoTheNetwork) {
  const auto key = toy_key("hill", 4);
  const Toys toys = hidden_toys();
  auto task = toy_task(Adaptation::er_cnn);
  task.recipe.epochs = 1;
  task.recipe.learning_rate = 1e-30;
  task.guesses = exact_guesses({key.parameters, key.seed});
  const VisionClassifier network(toys.run(task, quiet()).network);
  std::vector<float> hidden(768);
  toys.test->read(std::vector<std::int64_t>{7}, hidden);
  const auto made = network.adapted(hidden);
  for (std::size_t i = 0; i < 768; ++i) {
    ASSERT_NEAR(made[i] * 64 + 127.5, toys.test_set.pixels(7)[i], 0.05) << i;
  }
}

}  // namespace
}  // namespace obscura::train
