#include "runtime/runner.h"

#include <gtest/gtest.h>

#include "compile/compile.h"
#include "runtime/session.h"
#include "support/random_graph.h"

namespace obscura::runtime {
namespace {

using message::Mode;
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

TEST(Runner, RandomNetworksEqualThePlainRun) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    support::RandomGraphOptions options;
    options.max_degree = seed % 3 == 0 ? 3 : 2;
    options.max_side = 10;
    options.pads = true;
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equals_plain_run(support::random_graph(seed, options), seed % 2 == 0 ? Mode::packed : Mode::batched, 1);
    if (HasFailure()) return;
  }
}

TEST(Runner, RandomNetworksWithProductsEqualThePlainRun) {
  for (std::uint64_t seed = 200; seed < 208; ++seed) {
    support::RandomGraphOptions options;
    options.max_degree = 2;
    options.max_side = 10;
    options.products = true;
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equals_plain_run(support::random_graph(seed, options), seed % 2 == 0 ? Mode::packed : Mode::batched, 1);
    if (HasFailure()) return;
  }
}

/// More values than a ciphertext has slots, a residual, and levels that differ where the branches meet.
TEST(Runner, TensorsOfSeveralCiphertextsEqualThePlainRun) {
  Random random(21);
  nn::Graph graph = nn::make_graph("wide", {3, 32, 32});
  nn::add_node(graph, "conv1", networks::conv(random, 3, 10, 3, 1, 1), {0});
  const auto act = nn::add_node(graph, "act", nn::Square{}, {1});
  const auto conv = nn::add_node(graph, "conv2", networks::conv(random, 10, 10, 3, 1, 1), {act});
  const auto square = nn::add_node(graph, "square", nn::Square{}, {conv});
  const auto sum = nn::add_node(graph, "sum", nn::Add{}, {square, act});
  const auto pool = nn::add_node(graph, "pool", nn::AvgPool{{4, 4}, {4, 4}, {}, false}, {sum});
  const auto flat = nn::add_node(graph, "flatten", nn::Flatten{}, {pool});
  nn::add_node(graph, "fc", networks::linear(random, 640, 5), {flat});
  support::tame(graph, 1);
  expect_equals_plain_run(graph, Mode::packed, 1);
}

TEST(Runner, ImagesSideBySideEqualThePlainRun) {
  const nn::Graph graph = mixed(3);
  for (const std::size_t images : {2u, 4u}) {
    compile::CompileOptions options;
    options.images_per_ciphertext = images;
    const testing::Session session(graph, options);
    const auto inputs = networks::images(images, graph.input_shape().size(), 5);
    // A query need not be full.
    for (const std::size_t count : {images, images - 1}) {
      const std::span some(inputs.data(), count);
      const auto logits = session.classify(some);
      ASSERT_EQ(logits.size(), count);
      for (std::size_t i = 0; i < count; ++i) testing::expect_plain(session, inputs[i], logits[i]);
    }
  }
}

/// A network that a blank picture drives out of every range, as deep quadratic ones may be: what stands in the places
/// of a query that is not full must not take the pictures beside it along.
TEST(Runner, PlacesWithoutAnImageDoNoHarm) {
  const auto pictures = networks::images(3, 16, 9);
  std::vector<std::vector<float>> inputs;  // light ones, each about 1
  for (const auto& picture : pictures) {
    inputs.emplace_back();
    for (const float x : picture) inputs.back().push_back(1 + x / 20);
  }
  Random random(10);
  nn::Linear steep = networks::linear(random, 16, 4);
  for (float& w : steep.weights) w = 2;
  for (float& b : steep.bias) b = -32;  // near 0 for those, and 1,000 for a blank one when it is squared, ...
  const nn::Graph graph = chain({1, 4, 4}, {{"flatten", nn::Flatten{}},
                                            {"steep", steep},
                                            {"square1", nn::Square{}},
                                            {"fc2", networks::linear(random, 4, 4)},
                                            {"square2", nn::Square{}},
                                            {"fc3", networks::linear(random, 4, 4)},
                                            {"square3", nn::Square{}},
                                            {"fc4", networks::linear(random, 4, 3)}});
  for (const Mode mode : {Mode::packed, Mode::batched}) {
    SCOPED_TRACE(mode == Mode::packed ? "packed" : "batched");
    compile::CompileOptions options = testing::Session::options_of(mode);
    if (mode == Mode::packed) options.images_per_ciphertext = 4;
    for (const auto& image : inputs) options.samples.emplace_back(image.begin(), image.end());
    const testing::Session session(graph, options);
    const auto logits = session.classify(inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) testing::expect_plain(session, inputs[i], logits[i]);
  }
}

TEST(Runner, QueriesTogetherGiveTheSameAsAlone) {
  const testing::Session session(mixed(4), Mode::packed);
  const auto inputs = networks::images(3, 256, 6);
  std::vector<message::Query> asked;
  std::vector<Runner::Inputs> queries;
  for (const auto& image : inputs) {
    asked.push_back(session.owner.encrypt(std::span(&image, 1)));
    queries.emplace_back(session.expanded(asked.back()));
  }
  ThreadPool pool(2);
  const auto together = session.runner->run_many(session.keys, queries, {&pool});
  ASSERT_EQ(together.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto logits = session.read_exactly(message::answer_to(asked[i], together[i]), asked[i]);
    testing::expect_plain(session, inputs[i], logits[0]);
  }
}

// Encoded ahead, as they are met, or stage by stage behind the run: the same bits.
TEST(Runner, WhatIsKeptReadyChangesNoBit) {
  ThreadPool pool(2);
  for (const std::size_t images : {1u, 2u}) {
    compile::CompileOptions options;
    options.images_per_ciphertext = images;
    const testing::Session session(mixed(5), options);
    const auto query = session.expanded(session.owner.encrypt(networks::images(images, 256, 7)));
    const auto expected = session.runner->run(session.keys, query);
    EXPECT_GT(session.runner->memory_bytes(), 0u);
    for (const std::size_t budget : {kOneQuery, std::size_t{1}, std::size_t{1} << 20}) {
      const auto runner = make_runner(session.program, &pool, budget);
      EXPECT_EQ(runner->memory_bytes() == 0, budget == kOneQuery);
      for (int again = 0; again < 2; ++again) {
        const auto replies = runner->run(session.keys, query, {&pool});
        ASSERT_EQ(replies.size(), expected.size());
        for (std::size_t i = 0; i < replies.size(); ++i) {
          EXPECT_EQ(replies[i].c0, expected[i].c0) << budget;
          EXPECT_EQ(replies[i].c1, expected[i].c1) << budget;
        }
      }
    }
  }
}

}  // namespace
}  // namespace obscura::runtime
