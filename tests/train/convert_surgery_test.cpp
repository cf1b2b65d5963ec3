#include "train/convert/surgery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"
#include "support/random_graph.h"
#include "support/residual_networks.h"

namespace obscura::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <typename Layer>
std::size_t count(const nn::Graph& graph) {
  std::size_t found = 0;
  for (const auto& node : graph.nodes) found += std::holds_alternative<Layer>(node.layer) ? 1 : 0;
  return found;
}

support::RandomGraphOptions drawn_options() {
  support::RandomGraphOptions options;
  options.blocks = 4;
  options.activations = true;
  options.products = options.max_pools = true;
  options.pads = true;
  return options;
}

TEST(ConvertSurgery, NothingIsLeftOfAnyDrawnNetworkThatCiphertextsCannotCompute) {
  std::size_t converted = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const nn::Graph graph = support::RandomGraph(seed, drawn_options()).draw();
    const std::size_t activations = count<nn::Activation>(graph), pools = count<nn::MaxPool>(graph);
    if (activations + pools == 0) continue;
    ++converted;
    const Surgery surgery = replace_activations(graph);
    EXPECT_EQ(count<nn::Activation>(surgery.converted), 0U);
    EXPECT_EQ(count<nn::MaxPool>(surgery.converted), 0U);
    EXPECT_EQ(surgery.activations(), activations);
    EXPECT_EQ(surgery.pools(), pools);
    EXPECT_EQ(surgery.converted.output_shape(), graph.output_shape());
    ASSERT_EQ(surgery.originals.size(), surgery.converted.nodes.size());
    std::set<std::string> names;
    for (std::size_t i = 0; i < surgery.converted.nodes.size(); ++i) {
      const auto& node = surgery.converted.nodes[i];
      EXPECT_TRUE(names.insert(node.name).second) << node.name;
      if (!surgery.originals[i]) continue;
      EXPECT_EQ(node.name, surgery.original.nodes[surgery.originals[i]->node].name);
      EXPECT_EQ(node.shape, surgery.original.nodes[surgery.originals[i]->node].shape);
    }
  }
  EXPECT_GT(converted, 100U);
}

TEST(ConvertSurgery, AnActivationBehindASumHasItsOwnNorm) {
  const auto graph =
      support::ResidualNetwork(1, {3, 16, 16}, nn::Activation{nn::Activation::Kind::clip, 0, 6}).for_cifar(1, 4);
  const Surgery surgery = replace_activations(graph);
  EXPECT_EQ(surgery.activations(), 7U);
  EXPECT_EQ(count<nn::BatchNorm>(surgery.converted), 7U);
  for (std::size_t i = 0; i < surgery.originals.size(); ++i) {
    if (!surgery.originals[i]) continue;
    const auto& norm = surgery.converted.nodes[surgery.converted.nodes[i].inputs[0]];
    EXPECT_TRUE(std::holds_alternative<nn::BatchNorm>(norm.layer));
    EXPECT_EQ(norm.name, surgery.converted.nodes[i].name + "_norm");
  }
}

TEST(ConvertSurgery, WhatHasNothingToBeReplacedIsRefused) {
  const auto graph = support::ResidualNetwork(1, {3, 16, 16}, nn::Square{}).for_cifar(1, 4);
  EXPECT_THAT([&] { replace_activations(graph); },
              ThrowsMessage<UnsupportedError>(HasSubstr("no activation and no maximum pool")));
}

TEST(ConvertSurgery, FittedPolynomialsNameTheNetworkThatTheyCameFrom) {
  nn::Graph graph = nn::make_graph("fitted", {1, 4, 4});
  nn::add_node(graph, "fit", nn::Polynomial{{{0, 1, 2}}, nn::Polynomial::Basis::chebyshev}, {0});
  graph.origin.name = "relu.onnx";
  EXPECT_THAT([&] { replace_activations(graph); }, ThrowsMessage<UnsupportedError>(HasSubstr("convert relu.onnx")));
}

}  // namespace
}  // namespace obscura::train
