#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compile/approximate.h"
#include "compile/relu_sums.h"
#include "nn/reference.h"
#include "runtime/session.h"

/// Networks with ReLU as it is, by composite signs, on ciphertexts.
namespace obscura::runtime {
namespace {

using networks::chain;
using networks::Random;

constexpr std::size_t kSide = 8;

nn::Graph relu_network(std::size_t count, const nn::Activation& relu = {nn::Activation::Kind::relu}) {
  Random random(21);
  const nn::Conv2d conv = networks::conv(random, 1, 3, 3, 2, 1);
  std::vector<std::pair<std::string, nn::Layer>> layers{{"conv", conv}, {"relu1", relu}, {"flatten", nn::Flatten{}}};
  layers.emplace_back("fc1", networks::linear(random, 48, 12));
  if (count > 1) layers.emplace_back("relu2", relu), layers.emplace_back("fc2", networks::linear(random, 12, 6));
  return chain({1, kSide, kSide}, layers);
}

struct Composite {
  nn::Graph original, graph;
  Composite(std::size_t count, double bits) : Composite(relu_network(count), bits) {}
  Composite(nn::Graph network, double bits) : original(std::move(network)) {
    const auto samples = networks::images(30, kSide * kSide, 4);
    compile::FitOptions options;
    options.relu = compile::FitOptions::Relu::composite;
    options.relu_bits = bits;
    graph = compile::fit_activations_in_turn(compile::with_relu_sums(original), samples, options);
    std::vector<std::vector<double>> wide;
    for (const auto& sample : samples) wide.emplace_back(sample.begin(), sample.end());
    graph.calibration = compile::calibration_numbers(graph, wide);
  }
};

/// The encrypted run is the plain one of the composites to its announced error, and the network with ReLU itself to
/// what fitting did to the logits and that.
void expect_relu(const Composite& network, message::Mode mode, std::size_t count) {
  const testing::Session session(network.graph, mode);
  const auto images = networks::images(count, kSide * kSide, 4);  // those that ranges were measured on
  std::vector<std::vector<double>> logits;
  const std::size_t together = mode == message::Mode::batched ? count : 1;
  for (std::size_t i = 0; i < count; i += together) {
    for (auto& answer : session.classify(std::span(images).subspan(i, together))) logits.push_back(std::move(answer));
  }
  for (std::size_t i = 0; i < count; ++i) {
    testing::expect_plain(session, images[i], logits[i]);
    const auto exact = nn::run_reference(network.original, images[i]);
    const double error = network.graph.origin.fit_error + 10 * session.program.client.logit_error + 1e-4;
    for (std::size_t k = 0; k < exact.size(); ++k) EXPECT_NEAR(logits[i][k], exact[k], error);
  }
}

TEST(GatedActivation, OneReluPacked) {
  expect_relu({1, 5}, message::Mode::packed, 2);
}

TEST(GatedActivation, OneReluBatched) {
  expect_relu({1, 4}, message::Mode::batched, 3);
}

TEST(GatedActivation, TwoRelusPacked) {
  expect_relu({2, 7}, message::Mode::packed, 1);
}

/// ReLU6 is two ReLUs side by side; HardSwish is a product of their sum with its own input.
TEST(GatedActivation, SumsOfRelus) {
  expect_relu({relu_network(1, {nn::Activation::Kind::clip, 0.1F, 0.6F}), 6}, message::Mode::packed, 1);
  expect_relu({relu_network(1, {nn::Activation::Kind::hard_swish}), 6}, message::Mode::batched, 2);
}

/// More bits are nearer to the network with ReLU.
TEST(GatedActivation, BitsAreWorthTheirLevels) {
  double before = INFINITY;
  std::size_t limbs = 0;
  for (const double bits : {4.0, 8.0}) {
    const Composite network(1, bits);
    const testing::Session session(network.graph, message::Mode::packed);
    const auto images = networks::images(4, kSide * kSide, 4);
    double worst = 0;
    for (const auto& image : images) {
      const auto logits = session.classify(std::span(&image, 1)).front();
      const auto exact = nn::run_reference(network.original, image);
      for (std::size_t k = 0; k < exact.size(); ++k) worst = std::max(worst, std::abs(logits[k] - exact[k]));
    }
    EXPECT_LT(worst, before);
    EXPECT_GT(session.program.schedule.limbs(), limbs);
    before = worst, limbs = session.program.schedule.limbs();
  }
}

}  // namespace
}  // namespace obscura::runtime
