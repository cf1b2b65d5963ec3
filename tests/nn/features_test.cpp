// The part of a network that makes features gives what enters its last dense layer.
#include "nn/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "nn/graphs.h"
#include "nn/reference.h"
#include "support/chunk_networks.h"
#include "support/random_graph.h"

namespace obscura::nn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// The last Linear of a network, and what the whole network hands to it, layer by layer.
struct LastLinear {
  const Linear* linear = nullptr;
  std::size_t reads = 0;
};

LastLinear last_linear(const Graph& graph) {
  LastLinear last;
  for (const Node& node : graph.nodes) {
    if (const auto* linear = std::get_if<Linear>(&node.layer)) last = {linear, node.inputs[0]};
  }
  return last;
}

void expect_features(const Graph& graph, std::span<const float> picture) {
  const auto expected = run_reference_layers(graph, picture)[last_linear(graph).reads];
  const Graph part = features_of(graph);
  const auto exact = run_reference(part, picture);
  Reference opencv(part);
  const auto theirs = opencv.run(picture);
  ASSERT_EQ(exact.size(), expected.size());
  ASSERT_EQ(theirs.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(exact[i], expected[i]) << i;
    ASSERT_NEAR(theirs[i], expected[i], 1e-4 * (1 + std::abs(expected[i]))) << i;
  }
}

TEST(Features, OfRandomNetworksAreWhatTheLastDenseLayerReads) {
  support::RandomGraphOptions options;
  options.activations = options.pads = true;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    options.dense = seed % 3 == 0 ? 0 : 8;
    const Graph graph = support::RandomGraph(seed, options).draw();
    testing::Random random(seed + 7);
    expect_features(graph, random.floats(graph.input_shape().size(), 1.0F));
  }
}

TEST(Features, OfNetworksOfChunksAreThePictures) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto drawn = support::random_chunk_case(seed);
    SCOPED_TRACE(drawn.text);
    expect_features(drawn.graph, support::network_picture(drawn.graph, seed));
  }
}

TEST(Features, OfChunksAloneAreRefused) {
  testing::Random random(2);
  Graph graph = make_chunk_graph("chunks", {{1, 8, 8}, 4, 4, 0});
  add_node(graph, "dense", Linear{3, random.floats(48, 1), {}}, {0});
  add_node(graph, "mean", Merge{}, {1});
  EXPECT_THAT([&] { features_of(graph); }, ThrowsMessage<UnsupportedError>(HasSubstr("features of chunks")));
}

TEST(Features, LeaveOutWhatTellsOfLogits) {
  testing::Random random(1);
  Graph graph = make_graph("small", {1, 2, 3});
  graph.preprocessing.classes = {"cat", "dog"};
  graph.head = Head::softmax;
  add_node(graph, "dense", Linear{2, random.floats(12, 1), {}}, {0});
  const Graph part = features_of(graph);
  EXPECT_TRUE(part.preprocessing.classes.empty());
  EXPECT_EQ(part.head, Head::none);
  EXPECT_EQ(part.output_shape().size(), 6U);
  const auto picture = random.floats(6, 1);
  expect_features(graph, picture);
}

TEST(Features, NeedADenseLayer) {
  Graph graph = make_graph("convolutions", {1, 4, 4});
  add_node(graph, "square", Square{}, {0});
  EXPECT_THAT([&] { features_of(graph); }, ThrowsMessage<UnsupportedError>(HasSubstr("no dense layer")));
}

}  // namespace
}  // namespace obscura::nn
