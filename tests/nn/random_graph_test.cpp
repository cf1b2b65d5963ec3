#include "support/random_graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "nn/onnx_read.h"
#include "nn/onnx_write.h"

namespace obscura::support {
namespace {

RandomGraphOptions everything() {
  RandomGraphOptions options;
  options.pads = true;
  options.activations = true;
  return options;
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

TEST(RandomGraph, ValuesStayAboutOne) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const nn::Graph graph = random_graph(seed);
    for (const auto& image : random_images(graph.input_shape(), 3, seed + 1)) {
      const auto layers = nn::run_reference_layers(graph, image);
      for (std::size_t i = 0; i < layers.size(); ++i) EXPECT_LT(largest(layers[i]), 8) << graph.nodes[i].name;
      EXPECT_GT(largest(layers.back()), 0.1);
    }
  }
}

TEST(RandomGraph, DrawsEveryKindOfLayer) {
  std::map<std::string, std::size_t> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const auto& node : random_graph(seed, everything()).nodes) ++seen[nn::layer_name(node.layer)];
  }
  for (const char* name : {"Conv2d", "AvgPool", "BatchNorm", "Flatten", "Linear", "Square", "Polynomial", "Add",
                           "Concat", "Pad", "ReLU", "LeakyReLU", "SiLU", "Sigmoid", "GELU", "Tanh"}) {
    EXPECT_GT(seen[name], 5U) << name;
  }
}

TEST(RandomGraph, SameSeedSameNetwork) {
  EXPECT_EQ(nn::to_onnx(random_graph(5)), nn::to_onnx(random_graph(5)));
  EXPECT_NE(nn::to_onnx(random_graph(5)), nn::to_onnx(random_graph(6)));
}

TEST(RandomGraph, OptionsSwitchLayersOff) {
  RandomGraphOptions plain;
  plain.residuals = plain.concats = plain.pools = plain.norms = plain.polynomials = plain.groups = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const nn::Graph graph = random_graph(seed, plain);
    for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
      EXPECT_EQ(graph.nodes[i].inputs, std::vector<std::size_t>{i - 1}) << "a chain";
      const auto name = nn::layer_name(graph.nodes[i].layer);
      EXPECT_TRUE(name == "Conv2d" || name == "Square" || name == "Flatten" || name == "Linear") << name;
    }
  }
}

}  // namespace
}  // namespace obscura::support
