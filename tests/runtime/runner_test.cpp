#include "runtime/runner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "compile/stages.h"
#include "owner/owner.h"

namespace obscura {
namespace {

using compile::Mode;

std::vector<float> random_weights(std::mt19937_64& random, std::size_t count, std::size_t fan_in) {
  std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(fan_in)));
  std::vector<float> weights(count);
  for (float& w : weights) w = normal(random);
  return weights;
}

nn::Conv2d conv(std::mt19937_64& random, std::size_t in, std::size_t out, std::size_t kernel, std::size_t stride,
                std::size_t padding) {
  nn::Conv2d c;
  c.out_channels = out;
  c.kernel = {kernel, kernel};
  c.stride = {stride, stride};
  c.padding = {padding, padding, padding, padding};
  c.weights = random_weights(random, out * in * kernel * kernel, in * kernel * kernel);
  c.bias = random_weights(random, out, 10);
  return c;
}

nn::Linear linear(std::mt19937_64& random, std::size_t in, std::size_t out) {
  return {out, random_weights(random, in * out, in), random_weights(random, out, 10)};
}

nn::Graph start(nn::Shape shape) {
  nn::Graph graph;
  graph.name = "test";
  graph.nodes.push_back({"image", nn::Input{}, {}, shape});
  return graph;
}

/// The network of the TenSEAL tutorial with random weights.
nn::Graph tenseal(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  nn::Graph g = start({1, 28, 28});
  auto at = nn::add_node(g, "conv", conv(random, 1, 4, 7, 3, 0), {0});
  at = nn::add_node(g, "square1", nn::Square{}, {at});
  at = nn::add_node(g, "flatten", nn::Flatten{}, {at});
  at = nn::add_node(g, "fc1", linear(random, 256, 64), {at});
  at = nn::add_node(g, "square2", nn::Square{}, {at});
  nn::add_node(g, "fc2", linear(random, 64, 10), {at});
  return g;
}

/// Padding, pooling, batch norm, a per-channel quadratic and an odd number of outputs.
nn::Graph mixed(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  nn::Graph g = start({1, 16, 16});
  auto at = nn::add_node(g, "conv", conv(random, 1, 6, 3, 1, 1), {0});
  at = nn::add_node(g, "norm", nn::BatchNorm{random_weights(random, 6, 1), random_weights(random, 6, 4)}, {at});
  nn::Polynomial quadratic;
  for (int c = 0; c < 6; ++c) quadratic.coefficients.push_back({0.1F, 0.5F, 0.3F + 0.02F * static_cast<float>(c)});
  at = nn::add_node(g, "act", quadratic, {at});
  at = nn::add_node(g, "pool", nn::AvgPool{{2, 2}, {2, 2}, {0, 0, 0, 0}, false}, {at});
  at = nn::add_node(g, "flatten", nn::Flatten{}, {at});
  nn::add_node(g, "fc", linear(random, 6 * 64, 7), {at});
  return g;
}

std::vector<std::vector<float>> images(std::size_t count, std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<std::vector<float>> result(count, std::vector<float>(size));
  for (auto& image : result) {
    for (float& v : image) v = uniform(random);
  }
  return result;
}

struct Outcome {
  double worst = 0;      // largest difference of a logit from the stages in the clear
  double predicted = 0;  // standard deviation that the compiler announced
};

Outcome run_encrypted(const nn::Graph& graph, Mode mode, std::size_t count) {
  compile::CompileOptions options;
  options.mode = mode;
  compile::Program program = compile::compile(graph, options);
  Outcome outcome;
  outcome.predicted = program.client.logit_error;
  const owner::Owner owner(program.client);
  const auto seeded = owner.evaluation_keys(program.keys);
  const auto stages = compile::stages_of(nn::fold_batch_norms(graph));
  const auto runner = runtime::make_runner(std::move(program));
  const auto keys = std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded);
  const auto inputs = images(count, graph.input_shape().size(), 5);
  const runtime::Query query = owner.encrypt(inputs);
  std::vector<ckks::Ciphertext> ciphertexts;
  for (const auto& c : query.ciphertexts) ciphertexts.push_back(ckks::expand(*runner->context(), c));
  ThreadPool pool(2);
  const runtime::Answer answer{query.program, query.images, runner->run(keys, ciphertexts, &pool)};
  const auto logits = owner.decrypt(answer);
  for (std::size_t i = 0; i < count; ++i) {
    const auto plain = compile::run_stages(stages, {inputs[i].begin(), inputs[i].end()});
    for (std::size_t k = 0; k < plain.size(); ++k) {
      outcome.worst = std::max(outcome.worst, std::abs(plain[k] - logits[i][k]));
    }
  }
  return outcome;
}

TEST(Runner, PackedTutorialNetworkEqualsPlainRun) {
  const Outcome outcome = run_encrypted(tenseal(1), Mode::packed, 1);
  EXPECT_LT(outcome.worst, 10 * outcome.predicted);
}

TEST(Runner, PackedMixedNetworkEqualsPlainRun) {
  const Outcome outcome = run_encrypted(mixed(2), Mode::packed, 1);
  EXPECT_LT(outcome.worst, 10 * outcome.predicted);
}

TEST(Runner, BatchedMixedNetworkEqualsPlainRun) {
  const Outcome outcome = run_encrypted(mixed(3), Mode::batched, 3);
  EXPECT_LT(outcome.worst, 10 * outcome.predicted);
}

TEST(Runner, BatchedTutorialNetworkEqualsPlainRun) {
  const Outcome outcome = run_encrypted(tenseal(4), Mode::batched, 5);
  EXPECT_LT(outcome.worst, 10 * outcome.predicted);
}

}  // namespace
}  // namespace obscura
