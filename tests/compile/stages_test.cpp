#include "compile/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "compile/networks.h"
#include "nn/graphs.h"
#include "nn/reference.h"
#include "support/random_graph.h"

namespace obscura::compile {
namespace {

using networks::chain;
using Activation = Stage::Activation;
using ::testing::HasSubstr;

void expect_runs_as(const nn::Graph& graph, double tolerance) {
  const auto stages = stages_of(graph);
  for (const auto& image : networks::images(4, graph.input_shape().size(), 9)) {
    const auto y = run_stages(stages, {image.begin(), image.end()});
    const auto expected = nn::run_reference(graph, image);
    ASSERT_EQ(y.size(), expected.size());
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], tolerance) << i;
  }
}

std::vector<Activation> activations(const std::vector<Stage>& stages) {
  std::vector<Activation> result;
  for (const Stage& s : stages) result.push_back(s.activation);
  return result;
}

TEST(Stages, OfTheTutorialNetwork) {
  const nn::Graph graph = networks::tutorial(1);
  const auto stages = stages_of(graph);
  EXPECT_EQ(activations(stages), (std::vector{Activation::square, Activation::square, Activation::none}));
  EXPECT_EQ(stages[0].name, "conv");
  EXPECT_EQ(stages[1].name, "flatten + fc1");
  EXPECT_EQ(stages[0].terms[0].stride, (std::array<std::size_t, 2>{3, 3}));
  EXPECT_EQ(stages[0].output, (nn::Shape{4, 8, 8}));
  expect_runs_as(graph, 1e-9);
}

TEST(Stages, OfRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    support::RandomGraphOptions options;
    options.pads = seed % 2 == 0;
    nn::Graph graph = support::random_graph(seed, options);
    expect_runs_as(graph, 1e-6);
    expect_runs_as(nn::fold_batch_norms(graph), 1e-6);
  }
}

TEST(Stages, BranchesMeetInOneStage) {
  networks::Random random(12);
  nn::Graph graph = nn::make_graph("residual", {2, 6, 6});
  const auto trunk = nn::add_node(graph, "square", nn::Square{}, {0});
  const auto conv = nn::add_node(graph, "conv", networks::conv(random, 2, 2, 3, 1, 1), {trunk});
  const auto sum = nn::add_node(graph, "sum", nn::Add{}, {conv, trunk});
  const auto both = nn::add_node(graph, "both", nn::Concat{}, {sum, 0});
  nn::add_node(graph, "end", nn::Square{}, {both});
  const auto stages = stages_of(graph);
  ASSERT_EQ(stages.size(), 2u);
  ASSERT_EQ(stages[1].terms.size(), 2u) << "the image and the square, each once";
  EXPECT_EQ(stages[1].name, "conv + sum + both");
  EXPECT_EQ(last_uses(stages), (std::vector<std::size_t>{1, 1, 2}));
  expect_runs_as(graph, 1e-6);
}

TEST(Stages, WhatNothingReadsIsNotComputed) {
  nn::Graph graph = nn::make_graph("dead end", {1, 4, 4});
  nn::add_node(graph, "unread", nn::Square{}, {0});
  nn::add_node(graph, "flatten", nn::Flatten{}, {0});
  EXPECT_EQ(stages_of(graph).size(), 1u);
}

TEST(Stages, RunsOfLinearLayersAreOneMap) {
  networks::Random random(3);
  const nn::Graph graph = chain({2, 9, 9}, {{"conv1", networks::conv(random, 2, 3, 3, 2, 1)},
                                            {"norm", nn::BatchNorm{{1, 2, -1}, {0, 1, 2}}},
                                            {"pool", nn::AvgPool{{2, 2}, {2, 2}, {}, false}},
                                            {"conv2", networks::conv(random, 3, 2, 2, 1, 0)}});
  const auto stages = stages_of(graph);
  ASSERT_EQ(stages.size(), 1u);
  EXPECT_EQ(stages[0].name, "conv1 + norm + pool + conv2");
  EXPECT_EQ(stages[0].terms[0].stride, (std::array<std::size_t, 2>{4, 4}));
  EXPECT_EQ(stages[0].terms[0].input, (nn::Shape{2, 9, 9}));
  expect_runs_as(graph, 1e-9);
}

TEST(Stages, QuadraticsBecomeSquares) {
  const nn::Graph one = chain({3, 2, 2}, {{"act", nn::Polynomial{{{0.5F, -1.5F, 0.25F}}}}});
  const nn::Graph by_channel =
      chain({3, 2, 2}, {{"act", nn::Polynomial{{{0.1F, 2, 0.3F}, {-1, 0, -2}, {0.2F, -0.7F, 0.01F}}}}});
  for (const nn::Graph& graph : {one, by_channel}) {
    EXPECT_EQ(activations(stages_of(graph)), (std::vector{Activation::square, Activation::none}));
    expect_runs_as(graph, 1e-6);
  }
  // Zeros behind the leading coefficient change nothing.
  const nn::Graph padded = chain({1, 2, 2}, {{"act", nn::Polynomial{{{1, 1, 1, 0, 0}}}}});
  EXPECT_EQ(activations(stages_of(padded)), (std::vector{Activation::square, Activation::none}));
  expect_runs_as(padded, 1e-6);
}

TEST(Stages, QuadraticsKeepTheirPrecisionWhereTheLeadingCoefficientIsSmall) {
  for (const float a : {0.1F, 0.01F, 0.001F, 3e-4F}) {
    expect_runs_as(chain({2, 2, 2}, {{"act", nn::Polynomial{{{0.3F, 1, a}}}}}), 1e-8);
  }
}

TEST(Stages, NearlyLinearQuadraticsStayPolynomials) {
  const nn::Graph one = chain({2, 2, 2}, {{"act", nn::Polynomial{{{1, 1, 1e-6F}}}}});
  const nn::Graph among_others = chain({2, 2, 2}, {{"act", nn::Polynomial{{{1, 1, 1}, {1, 1, 0}}}}});
  for (const nn::Graph& graph : {one, among_others}) {
    EXPECT_EQ(activations(stages_of(graph)), std::vector{Activation::polynomial});
    expect_runs_as(graph, 1e-9);
  }
}

TEST(Stages, CubicsStayPolynomials) {
  const nn::Graph graph = chain({2, 3, 3}, {{"act", nn::Polynomial{{{0.1F, 0.5F, 0.2F, -0.3F}, {0, 1, 0, 0.25F}}}}});
  const auto stages = stages_of(graph);
  EXPECT_EQ(activations(stages), std::vector{Activation::polynomial});
  EXPECT_EQ(stages[0].coefficients.size(), 2u);
  expect_runs_as(graph, 1e-9);
}

TEST(Stages, PolynomialsOfDegreeOneAreLinear) {
  const nn::Graph one = chain({2, 3, 3}, {{"act", nn::Polynomial{{{0.5F, -2}}}}, {"square", nn::Square{}}});
  const nn::Graph by_channel =
      chain({2, 3, 3}, {{"act", nn::Polynomial{{{0.5F, -2, 0}, {3, 0, 0}}}}, {"square", nn::Square{}}});
  for (const nn::Graph& graph : {one, by_channel}) {
    EXPECT_EQ(activations(stages_of(graph)), std::vector{Activation::square});
    expect_runs_as(graph, 1e-6);
  }
}

TEST(Stages, NetworksMayBeginAndEndWithActivations) {
  expect_runs_as(chain({1, 3, 3}, {{"square", nn::Square{}}}), 1e-9);
  expect_runs_as(chain({1, 3, 3}, {{"square1", nn::Square{}}, {"square2", nn::Square{}}}), 1e-9);
}

template <class Call>
std::string unsupported(Call call) {
  try {
    call();
  } catch (const UnsupportedError& e) {
    return e.what();
  }
  return {};
}

TEST(Stages, FunctionsAndEmptyNetworksAreRefusedByName) {
  nn::Graph graph = nn::make_graph("net", {1, 4, 4});
  nn::add_node(graph, "act1", nn::Activation{}, {0});
  EXPECT_THAT(unsupported([&] { stages_of(graph); }), HasSubstr("act1 (ReLU)"));
  EXPECT_THAT(unsupported([&] { stages_of(nn::make_graph("empty", {1, 4, 4})); }), HasSubstr("empty"));
}

}  // namespace
}  // namespace obscura::compile
