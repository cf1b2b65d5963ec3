#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "nn/graphs.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "support/temporary.h"

namespace obscura::nn {
namespace {

void expect_equal(const Layer& a, const Layer& b, const std::string& name) {
  ASSERT_EQ(layer_name(a), layer_name(b)) << name;
  if (const auto* conv = std::get_if<Conv2d>(&a)) {
    const auto& other = std::get<Conv2d>(b);
    EXPECT_EQ(conv->weights, other.weights) << name;
    EXPECT_EQ(conv->bias, other.bias) << name;
    EXPECT_EQ(conv->padding, other.padding) << name;
    EXPECT_EQ(conv->stride, other.stride) << name;
    EXPECT_EQ(conv->dilation, other.dilation) << name;
    EXPECT_EQ(conv->groups, other.groups) << name;
  } else if (const auto* linear = std::get_if<Linear>(&a)) {
    EXPECT_EQ(linear->weights, std::get<Linear>(b).weights) << name;
    EXPECT_EQ(linear->bias, std::get<Linear>(b).bias) << name;
  } else if (const auto* norm = std::get_if<BatchNorm>(&a)) {
    EXPECT_EQ(norm->scale, std::get<BatchNorm>(b).scale) << name;
    EXPECT_EQ(norm->shift, std::get<BatchNorm>(b).shift) << name;
  } else if (const auto* polynomial = std::get_if<Polynomial>(&a)) {
    EXPECT_EQ(polynomial->coefficients, std::get<Polynomial>(b).coefficients) << name;
  } else if (const auto* pool = std::get_if<AvgPool>(&a)) {
    const auto& other = std::get<AvgPool>(b);
    EXPECT_EQ(pool->kernel, other.kernel) << name;
    EXPECT_EQ(pool->stride, other.stride) << name;
    EXPECT_EQ(pool->padding, other.padding) << name;
    EXPECT_EQ(pool->count_include_pad, other.count_include_pad) << name;
  }
}

void expect_equal(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name, b.name);
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].inputs, b.nodes[i].inputs);
    EXPECT_EQ(a.nodes[i].shape, b.nodes[i].shape);
    expect_equal(a.nodes[i].layer, b.nodes[i].layer, a.nodes[i].name);
  }
}

TEST(OnnxRoundTrip, RandomNetworksComeBackBitForBit) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = testing::random_graph(seed);
    const auto bytes = to_onnx(graph);
    const Graph back = read_onnx(bytes, "memory");
    expect_equal(graph, back);
    EXPECT_EQ(to_onnx(back), bytes) << "the same bytes every time";
  }
}

TEST(OnnxRoundTrip, PreprocessingAndCommand) {
  const TemporaryFolder folder;
  Graph graph = testing::random_graph(7, true, 3);
  const std::size_t channels = graph.input_shape().channels;
  graph.preprocessing.mean.assign(channels, 0.1307F);
  graph.preprocessing.std.assign(channels, 0.3081F);
  graph.preprocessing.classes = {"ankle boot", "t-shirt, top", "bag"};
  graph.preprocessing.colour = channels == 3 ? "bgr" : "grey";
  graph.preprocessing.stated = true;
  write_onnx(graph, folder / "net.onnx", {{"command", "obscura train --model x"}});
  const Graph back = read_onnx(folder / "net.onnx");
  EXPECT_EQ(back.preprocessing.mean, graph.preprocessing.mean);
  EXPECT_EQ(back.preprocessing.std, graph.preprocessing.std);
  EXPECT_EQ(back.preprocessing.classes, graph.preprocessing.classes);
  EXPECT_EQ(back.preprocessing.colour, graph.preprocessing.colour);
  EXPECT_TRUE(back.preprocessing.stated);
  const auto metadata = read_onnx_metadata(folder / "net.onnx");
  EXPECT_EQ(metadata.at("command"), "obscura train --model x");
  EXPECT_EQ(metadata.at("image_size"),
            std::to_string(graph.input_shape().height) + "x" + std::to_string(graph.input_shape().width));
}

TEST(OnnxRoundTrip, SilentFilesGetDefaults) {
  const Graph graph = testing::random_graph(8);
  const Graph back = read_onnx(to_onnx(graph), "memory");
  EXPECT_FALSE(back.preprocessing.stated);
  EXPECT_EQ(back.preprocessing.mean, std::vector<float>(graph.input_shape().channels, 0.0F));
  EXPECT_EQ(back.preprocessing.std, std::vector<float>(graph.input_shape().channels, 1.0F));
  EXPECT_EQ(back.preprocessing.colour, graph.input_shape().channels == 3 ? "rgb" : "grey");
}

TEST(OnnxRoundTrip, LayersOfAnotherRankThanTheirInput) {
  testing::Random random(9);
  Graph graph = make_graph("ranks", {2, 4, 4});
  add_node(graph, "pool", AvgPool{{4, 4}, {1, 1}, {0, 0, 0, 0}, false}, {0});
  add_node(graph, "fc", testing::make_linear(random, 2, 2), {1});
  add_node(graph, "sum", Add{}, {1, 2});
  add_node(graph, "conv", testing::make_conv(random, 2, 3, 1, 1), {3});
  const Graph back = read_onnx(to_onnx(graph), "memory");
  EXPECT_EQ(back.output_shape(), graph.output_shape());
  EXPECT_EQ(layer_name(back.nodes.back().layer), "Conv2d");
}

TEST(OnnxRoundTrip, DoubledAndEmptyNames) {
  testing::Random random(10);
  Graph graph = make_graph("", {3, 1, 1});
  for (std::size_t i = 0; i < 3; ++i) add_node(graph, i == 1 ? "" : "fc", testing::make_linear(random, 3, 3), {i});
  EXPECT_EQ(read_onnx(to_onnx(graph), "memory").nodes.size(), 4U) << "flattening {3, 1, 1} changes nothing";
}

TEST(OnnxWrite, FailsInOneLineAndLeavesNothing) {
  const TemporaryFolder folder;
  const Graph graph = testing::random_graph(11);
  EXPECT_THROW(write_onnx(graph, folder / "missing/net.onnx"), IoError);
  EXPECT_FALSE(std::filesystem::exists(folder / "missing"));
  Graph named = testing::random_graph(12, true, 2);
  named.preprocessing.stated = true;
  named.preprocessing.classes = {"a\nb", "c"};
  EXPECT_THROW(to_onnx(named), UnsupportedError);
}

}  // namespace
}  // namespace obscura::nn
