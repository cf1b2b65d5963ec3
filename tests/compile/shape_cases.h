#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "compile/compile.h"
#include "support/random_graph.h"

/// Networks over all sizes of images that people have: sides 8 to 256, square or not, one to four channels, kernels up
/// to 7, strides up to 4, and one to 64 images side by side.
namespace obscura::compile::testing {

struct ShapeCase {
  nn::Graph graph;
  CompileOptions options;
  std::string text() const {
    const Shape& in = graph.input_shape();
    std::string words = std::to_string(in.channels) + " x " + std::to_string(in.height) + " x " +
                        std::to_string(in.width) + ", " + std::to_string(options.images_per_ciphertext) + " images";
    for (const auto& node : graph.nodes) {
      words += "; " + node.name + " " + std::to_string(node.shape.channels) + " x " +
               std::to_string(node.shape.height) + " x " + std::to_string(node.shape.width);
    }
    return words;
  }
};

/// Deterministic. `most_values`: of what a convolution makes, which is what a check takes time for.
inline ShapeCase shape_case(std::uint64_t seed, std::size_t most_values = 12000) {
  std::mt19937_64 engine(seed * 0x9E3779B97F4A7C15U + 1);
  const auto size = [&](std::size_t low, std::size_t high) { return low + engine() % (high - low + 1); };
  support::RandomGraphOptions options;
  options.min_side = 8;
  options.max_side = 256;
  // As many small images as large ones.
  if (size(0, 2) == 0) options.max_side = 64;
  options.max_input = size(1, 4);
  options.max_maps = size(1, 8);
  options.max_kernel = 7;
  options.max_stride = 4;
  options.max_degree = size(0, 3) == 0 ? 7 : 2;
  options.blocks = size(1, 2);
  options.dense = size(0, 1) * size(1, 40);
  options.outputs = size(0, 2) == 0 ? size(1, 120) : size(1, 12);
  options.pads = size(0, 3) == 0;
  options.most_values = most_values;
  ShapeCase drawn{support::RandomGraph(seed, options).draw(), {}};
  support::tame(drawn.graph, seed, 1);
  const std::size_t images[] = {1, 1, 1, 2, 4, 8, 16, 32, 64, 0};
  drawn.options.images_per_ciphertext = images[size(0, 9)];
  return drawn;
}

/// The network of a side: convolutions with strides, as people have them, and two dense layers.
inline nn::Graph network_of_side(std::size_t side, std::size_t channels, std::size_t convolutions = 2,
                                 std::size_t first_stride = 2) {
  std::mt19937_64 engine(side);
  nn::Graph graph = nn::make_graph("side" + std::to_string(side), {channels, side, side});
  std::normal_distribution<float> normal(0, 1);
  const auto weights = [&](std::size_t count, std::size_t fan_in) {
    std::vector<float> values(count);
    for (float& w : values) w = normal(engine) / std::sqrt(static_cast<float>(fan_in));
    return values;
  };
  const auto last = [&] { return graph.nodes.size() - 1; };
  std::size_t maps = channels;
  for (std::size_t i = 0; i < convolutions; ++i) {
    nn::Conv2d conv;
    conv.out_channels = 4;
    conv.kernel = {3, 3};
    conv.stride = i == 0 ? std::array{first_stride, first_stride} : std::array<std::size_t, 2>{2, 2};
    conv.padding = {1, 1, 1, 1};
    conv.weights = weights(4 * maps * 9, maps * 9);
    nn::add_node(graph, "conv" + std::to_string(i), std::move(conv), {last()});
    nn::add_node(graph, "square" + std::to_string(i), nn::Square{}, {last()});
    maps = 4;
  }
  nn::add_node(graph, "pool", nn::AvgPool{{4, 4}, {4, 4}, {0, 0, 0, 0}, false}, {last()});
  nn::add_node(graph, "flatten", nn::Flatten{}, {last()});
  const std::size_t values = graph.output_shape().size();
  nn::add_node(graph, "fc", nn::Linear{10, weights(10 * values, values), weights(10, 10)}, {last()});
  support::tame(graph, side, 1);
  return graph;
}

}  // namespace obscura::compile::testing
