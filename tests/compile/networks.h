#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "nn/graph.h"

/// Small networks with random weights that keep values near one from layer to layer.
namespace obscura::networks {

using Random = std::mt19937_64;

inline std::vector<float> weights(Random& random, std::size_t count, std::size_t fan_in) {
  std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(fan_in)));
  std::vector<float> values(count);
  for (float& w : values) w = normal(random);
  return values;
}

inline nn::Conv2d conv(Random& random, std::size_t in, std::size_t out, std::size_t kernel, std::size_t stride,
                       std::size_t padding) {
  nn::Conv2d c;
  c.out_channels = out;
  c.kernel = {kernel, kernel};
  c.stride = {stride, stride};
  c.padding = {padding, padding, padding, padding};
  c.weights = weights(random, out * in * kernel * kernel, in * kernel * kernel);
  c.bias = weights(random, out, 10);
  return c;
}

inline nn::Linear linear(Random& random, std::size_t in, std::size_t out) {
  return {out, weights(random, in * out, in), weights(random, out, 10)};
}

/// A chain: every layer reads the one before it.
inline nn::Graph chain(const Shape& input, std::vector<std::pair<std::string, nn::Layer>> layers) {
  nn::Graph graph = nn::make_graph("test", input);
  for (auto& [name, layer] : layers) nn::add_node(graph, name, std::move(layer), {graph.nodes.size() - 1});
  return graph;
}

/// The network of the TenSEAL tutorial.
inline nn::Graph tutorial(std::uint64_t seed) {
  Random random(seed);
  const nn::Conv2d first = conv(random, 1, 4, 7, 3, 0);
  const nn::Linear second = linear(random, 256, 64), third = linear(random, 64, 10);
  return chain({1, 28, 28}, {{"conv", first},
                             {"square1", nn::Square{}},
                             {"flatten", nn::Flatten{}},
                             {"fc1", second},
                             {"square2", nn::Square{}},
                             {"fc2", third}});
}

/// Linear, square, linear.
inline nn::Graph dense(std::uint64_t seed, const Shape& input, std::size_t hidden, std::size_t outputs) {
  Random random(seed);
  const nn::Linear first = linear(random, input.size(), hidden), second = linear(random, hidden, outputs);
  return chain(input, {{"flatten", nn::Flatten{}}, {"fc1", first}, {"square", nn::Square{}}, {"fc2", second}});
}

inline std::vector<std::vector<float>> images(std::size_t count, std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<std::vector<float>> result(count, std::vector<float>(size));
  for (auto& image : result) {
    for (float& v : image) v = uniform(random);
  }
  return result;
}

}  // namespace obscura::networks
