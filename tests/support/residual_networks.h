#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "nn/graph.h"

/// Residual networks of the published shapes with random weights: what people bring first.
namespace obscura::support {

class ResidualNetwork {
 public:
  /// `activation`: stands behind every convolution.
  ResidualNetwork(std::uint64_t seed, const Shape& input, nn::Layer activation)
      : engine_(seed), activation_(std::move(activation)), graph_(nn::make_graph("resnet", input)) {}

  /// He, Zhang, Ren, Sun, 2016, section 4.2: 6 n + 2 layers for images of 32 x 32, 6 n + 1 activations.
  nn::Graph for_cifar(std::size_t n, std::size_t maps = 16) {
    convolution(maps, 3, 1);
    activate();
    for (std::size_t stage = 0; stage < 3; ++stage) {
      for (std::size_t b = 0; b < n; ++b) block(maps << stage, stage > 0 && b == 0 ? 2 : 1);
    }
    return head(10);
  }

  /// Section 4.1: ResNet-18 for images of 224 x 224, 17 activations. An average pool stands in for the max pool.
  nn::Graph eighteen() {
    convolution(64, 7, 2);
    activate();
    add("pool", nn::AvgPool{{3, 3}, {2, 2}, {1, 1, 1, 1}, false});
    for (std::size_t stage = 0; stage < 4; ++stage) {
      for (std::size_t b = 0; b < 2; ++b) block(std::size_t{64} << stage, stage > 0 && b == 0 ? 2 : 1);
    }
    return head(1000);
  }

 private:
  std::size_t last() const { return graph_.nodes.size() - 1; }
  std::size_t add(const std::string& kind, nn::Layer layer) { return add(kind, std::move(layer), {last()}); }
  std::size_t add(const std::string& kind, nn::Layer layer, std::vector<std::size_t> inputs) {
    return nn::add_node(graph_, kind + std::to_string(graph_.nodes.size()), std::move(layer), std::move(inputs));
  }

  std::vector<float> weights(std::size_t count, std::size_t fan_in) {
    const float deviation = std::sqrt(2.0F / static_cast<float>(fan_in));
    std::vector<float> values(count);
    for (float& w : values) w = (static_cast<float>(engine_() >> 40) * 0x1p-24F - 0.5F) * 3.46F * deviation;
    return values;
  }

  std::size_t convolution(std::size_t maps, std::size_t kernel, std::size_t stride) {
    nn::Conv2d conv;
    conv.out_channels = maps;
    conv.kernel = {kernel, kernel};
    conv.stride = {stride, stride};
    const std::size_t pad = kernel / 2, in = graph_.output_shape().channels;
    conv.padding = {pad, pad, pad, pad};
    conv.weights = weights(maps * in * kernel * kernel, in * kernel * kernel);
    return add("conv", std::move(conv));
  }

  void activate() { add("act", activation_); }

  void block(std::size_t maps, std::size_t stride) {
    const std::size_t trunk = last();
    const std::size_t in = graph_.nodes[trunk].shape.channels;
    convolution(maps, 3, stride);
    activate();
    const std::size_t branch = convolution(maps, 3, 1);
    std::size_t shortcut = trunk;
    if (stride > 1 || in != maps) {
      nn::Conv2d conv;
      conv.out_channels = maps;
      conv.stride = {stride, stride};
      conv.weights = weights(maps * in, in);
      shortcut = add("shortcut", std::move(conv), {trunk});
    }
    add("add", nn::Add{}, {branch, shortcut});
    activate();
  }

  nn::Graph head(std::size_t classes) {
    const Shape shape = graph_.output_shape();
    add("pool", nn::AvgPool{{shape.height, shape.width}, {1, 1}, {0, 0, 0, 0}, false});
    add("flatten", nn::Flatten{});
    add("fc", nn::Linear{classes, weights(classes * shape.channels, shape.channels), {}});
    return std::move(graph_);
  }

  std::mt19937_64 engine_;
  nn::Layer activation_;
  nn::Graph graph_;
};

/// The polynomial of that degree in the place of an activation.
inline nn::Layer polynomial_of_degree(std::size_t degree) {
  nn::Polynomial polynomial;
  polynomial.coefficients.emplace_back(degree + 1, 0.1F);
  return polynomial;
}

}  // namespace obscura::support
