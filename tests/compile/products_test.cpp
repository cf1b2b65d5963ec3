#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compile/clear_run.h"
#include "compile/compile.h"
#include "compile/depth.h"
#include "compile/gates.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "nn/reference.h"
#include "support/random_graph.h"

/// Products of two branches, from the graph to packed programs: squeeze and excitation, attention and their like.
namespace obscura::compile {
namespace {

using Activation = program::Stage::Activation;

support::RandomGraphOptions with_products() {
  support::RandomGraphOptions options;
  options.products = true;
  options.max_degree = 2;
  options.max_side = 12;
  return options;
}

std::size_t count_products(const nn::Graph& graph) {
  return static_cast<std::size_t>(std::ranges::count_if(
      graph.nodes, [](const nn::Node& node) { return std::holds_alternative<nn::Product>(node.layer); }));
}

void expect_runs_as(const nn::Graph& graph, double tolerance = 1e-9) {
  const auto stages = stages_of(graph);
  for (const auto& image : networks::images(3, graph.input_shape().size(), 9)) {
    const auto y = program::run_stages(stages, {image.begin(), image.end()});
    const auto expected = nn::run_reference(graph, image);
    ASSERT_EQ(y.size(), expected.size());
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], tolerance) << i;
  }
}

/// Two branches of the image, and what becomes of their product.
nn::Graph two_branches(networks::Random& random) {
  nn::Graph graph = nn::make_graph("branches", {2, 6, 6});
  nn::add_node(graph, "a", networks::conv(random, 2, 3, 3, 1, 1), {0});
  nn::add_node(graph, "b", networks::conv(random, 2, 3, 1, 1, 0), {0});
  nn::add_node(graph, "product", nn::Product{}, {1, 2});
  return graph;
}

TEST(Products, OfTwoBranchesAreOneStageOfTwiceTheChannels) {
  networks::Random random(1);
  const nn::Graph graph = two_branches(random);
  EXPECT_TRUE(gated_products(graph).empty());
  const auto stages = stages_of(graph);
  ASSERT_EQ(stages.size(), 2U) << "squares, and the map that takes them apart";
  EXPECT_EQ(stages[0].activation, Activation::square);
  EXPECT_EQ(stages[0].output, (Shape{6, 6, 6}));
  ASSERT_EQ(stages[0].terms.size(), 1U) << "both branches read the image";
  EXPECT_EQ(stages[1].activation, Activation::none);
  EXPECT_EQ(stages[1].output, (Shape{3, 6, 6}));
  expect_runs_as(graph);
}

/// What follows takes the difference of the squares in, so a product costs one level.
TEST(Products, CostALevelAndNoMapOfTheirOwn) {
  networks::Random random(2);
  nn::Graph graph = two_branches(random);
  nn::add_node(graph, "flatten", nn::Flatten{}, {3});
  nn::add_node(graph, "fc", networks::linear(random, 108, 5), {4});
  ASSERT_EQ(stages_of(graph).size(), 2U);
  const Depth depth = depth_of(graph, {});
  EXPECT_EQ(depth.squares, 1U);
  EXPECT_EQ(depth.linear, 0U);
  expect_runs_as(graph);
}

TEST(Products, OfAValueWithItselfIsItsSquare) {
  networks::Random random(3);
  nn::Graph graph = nn::make_graph("square", {1, 5, 5});
  nn::add_node(graph, "conv", networks::conv(random, 1, 2, 3, 1, 1), {0});
  nn::add_node(graph, "product", nn::Product{}, {1, 1});
  const auto stages = stages_of(graph);
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].output, (Shape{2, 5, 5}));
  expect_runs_as(graph);
}

TEST(Products, WithTheImageAndOfProducts) {
  networks::Random random(4);
  nn::Graph graph = nn::make_graph("nested", {2, 5, 5});
  nn::add_node(graph, "conv", networks::conv(random, 2, 2, 3, 1, 1), {0});
  nn::add_node(graph, "first", nn::Product{}, {1, 0});
  nn::add_node(graph, "second", nn::Product{}, {2, 1});
  nn::add_node(graph, "both", nn::Product{}, {3, 2});
  nn::add_node(graph, "sum", nn::Add{}, {4, 3});
  expect_runs_as(graph);
}

/// Polynomials that something else reads as well, with a row a channel, or of different bases make no gate.
TEST(Products, OfPolynomialsThatAreNoGates) {
  const nn::Polynomial odd{{{0, 0.9, 0, 0.1}}, nn::Polynomial::Basis::chebyshev};
  const auto of = [&](int kind) {
    networks::Random random(5);
    nn::Graph graph = nn::make_graph("gate", {1, 4, 4});
    nn::add_node(graph, "conv", networks::conv(random, 1, 2, 3, 1, 1), {0});
    nn::Polynomial first = odd;
    if (kind == 1) first.coefficients.push_back({0, 0.7, 0, 0.2});
    const std::size_t p = nn::add_node(graph, "p", first, {1});
    if (kind == 0)
      return nn::add_node(graph, "sum", nn::Add{}, {p, 1}), nn::add_node(graph, "end", nn::Product{}, {p, 3}), graph;
    const std::size_t q = kind == 2 ? nn::add_node(graph, "q", nn::Polynomial{{{0, 1, 0, 1}}}, {p}) : p;
    nn::add_node(graph, "product", nn::Product{}, {1, q});
    return graph;
  };
  for (int kind = 0; kind < 3; ++kind) {
    SCOPED_TRACE(kind);
    const nn::Graph graph = of(kind);
    EXPECT_TRUE(gated_products(graph).empty());
    expect_runs_as(graph);
  }
}

TEST(Products, OfRandomNetworksInStages) {
  std::size_t products = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE(seed);
    support::RandomGraphOptions options = with_products();
    options.max_degree = 3;
    const nn::Graph graph = support::random_graph(seed, options);
    products += count_products(graph);
    expect_runs_as(graph, 1e-6);
    expect_runs_as(nn::fold_batch_norms(graph), 1e-6);
    if (HasFailure()) return;
  }
  EXPECT_GT(products, 40U);
}

TEST(Products, OfRandomNetworksInPackedPrograms) {
  std::size_t products = 0;
  for (std::uint64_t seed = 100; seed < 124; ++seed) {
    const nn::Graph graph = support::random_graph(seed, with_products());
    if (count_products(graph) == 0) continue;
    SCOPED_TRACE(seed);
    products += count_products(graph);
    const auto image = support::random_images(graph.input_shape(), 1, seed).front();
    const auto logits = testing::ClearRun(compile(graph)).run({image}).front();
    const auto plain = nn::run_reference(graph, image);
    ASSERT_EQ(logits.size(), plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_NEAR(logits[i], plain[i], 1e-5) << "logit " << i;
  }
  EXPECT_GT(products, 12U);
}

}  // namespace
}  // namespace obscura::compile
