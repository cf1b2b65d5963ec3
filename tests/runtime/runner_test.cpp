#include "runtime/runner.h"

#include <gtest/gtest.h>

#include "runtime/session.h"

namespace obscura::runtime {
namespace {

using compile::Mode;
using networks::chain;
using networks::Random;
using testing::expect_equals_plain_run;

/// Padding, pooling, batch norm, a per-channel quadratic and an odd number of outputs.
nn::Graph mixed(std::uint64_t seed) {
  Random random(seed);
  const nn::Conv2d conv = networks::conv(random, 1, 6, 3, 1, 1);
  const nn::BatchNorm norm{networks::weights(random, 6, 1), networks::weights(random, 6, 4)};
  nn::Polynomial quadratic;
  for (int c = 0; c < 6; ++c) quadratic.coefficients.push_back({0.1F, 0.5F, 0.3F + 0.02F * static_cast<float>(c)});
  return chain({1, 16, 16}, {{"conv", conv},
                             {"norm", norm},
                             {"act", quadratic},
                             {"pool", nn::AvgPool{{2, 2}, {2, 2}, {0, 0, 0, 0}, false}},
                             {"flatten", nn::Flatten{}},
                             {"fc", networks::linear(random, 6 * 64, 7)}});
}

TEST(Runner, PackedTutorialNetworkEqualsPlainRun) {
  expect_equals_plain_run(networks::tutorial(1), Mode::packed, 1);
}

TEST(Runner, BatchedTutorialNetworkEqualsPlainRun) {
  expect_equals_plain_run(networks::tutorial(4), Mode::batched, 5);
}

TEST(Runner, MixedNetworkEqualsPlainRun) {
  expect_equals_plain_run(mixed(2));
}

TEST(Runner, DenseNetworkEqualsPlainRun) {
  expect_equals_plain_run(networks::dense(5, {1, 8, 8}, 16, 10));
}

TEST(Runner, OneOutput) {
  expect_equals_plain_run(networks::dense(6, {1, 8, 8}, 12, 1));
}

TEST(Runner, TwoHundredOutputs) {
  expect_equals_plain_run(networks::dense(7, {1, 6, 6}, 12, 200));
}

TEST(Runner, OneLinearLayer) {
  Random random(8);
  expect_equals_plain_run(chain({1, 6, 6}, {{"fc", networks::linear(random, 36, 5)}}));
}

TEST(Runner, SpatialOutputs) {
  Random random(9);
  const nn::Conv2d first = networks::conv(random, 2, 4, 3, 2, 1), second = networks::conv(random, 4, 3, 3, 1, 1);
  expect_equals_plain_run(chain({2, 8, 8}, {{"conv1", first}, {"square", nn::Square{}}, {"conv2", second}}));
}

TEST(Runner, NetworksThatEndWithASquare) {
  Random random(10);
  const nn::Linear first = networks::linear(random, 64, 12), second = networks::linear(random, 12, 5);
  expect_equals_plain_run(chain({1, 8, 8}, {{"flatten", nn::Flatten{}},
                                            {"fc1", first},
                                            {"square1", nn::Square{}},
                                            {"fc2", second},
                                            {"square2", nn::Square{}}}));
}

TEST(Runner, NetworksThatBeginWithASquare) {
  Random random(11);
  expect_equals_plain_run(
      chain({1, 8, 8},
            {{"square", nn::Square{}}, {"conv", networks::conv(random, 1, 2, 3, 2, 0)}, {"flatten", nn::Flatten{}}}));
}

}  // namespace
}  // namespace obscura::runtime
