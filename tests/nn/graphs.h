#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "nn/graph.h"

/// Networks for tests: random shapes, strides, paddings, groups and residuals, weights of moderate size.
namespace obscura::nn::testing {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// Uniform in [low, high].
  std::size_t size(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(engine_);
  }
  bool coin() { return size(0, 1) == 1; }
  std::vector<float> floats(std::size_t count, float limit) {
    std::uniform_real_distribution<float> uniform(-limit, limit);
    std::vector<float> values(count);
    for (float& v : values) v = uniform(engine_);
    return values;
  }
  /// Floats, as coefficients are kept.
  std::vector<double> doubles(std::size_t count, float limit) {
    const auto values = floats(count, limit);
    return {values.begin(), values.end()};
  }

 private:
  std::mt19937_64 engine_;
};

inline Conv2d make_conv(Random& random, std::size_t in, std::size_t out, std::size_t kernel_h, std::size_t kernel_w,
                        std::size_t groups = 1) {
  Conv2d conv;
  conv.out_channels = out;
  conv.groups = groups;
  conv.kernel = {kernel_h, kernel_w};
  conv.weights = random.floats(out * (in / groups) * kernel_h * kernel_w, 0.5F);
  if (random.coin()) conv.bias = random.floats(out, 0.5F);
  return conv;
}

inline Linear make_linear(Random& random, std::size_t in, std::size_t out) {
  return {out, random.floats(out * in, 1.0F / static_cast<float>(in)), random.floats(out, 0.5F)};
}

/// Adds layers until the tensor is a vector of `classes`. `padded_pools` also draws pools with padding.
inline Graph random_graph(std::uint64_t seed, bool padded_pools = true, std::size_t classes = 5) {
  Random random(seed);
  Graph graph = make_graph("random", {random.size(1, 3), random.size(7, 12), random.size(7, 12)});
  const auto last = [&] { return graph.nodes.size() - 1; };
  const auto add = [&](const char* kind, Layer layer, std::vector<std::size_t> inputs) {
    add_node(graph, kind + std::to_string(graph.nodes.size()), std::move(layer), std::move(inputs));
  };
  for (int block = 0; block < 3; ++block) {
    const Shape in = graph.output_shape();
    const std::size_t groups = in.channels % 2 == 0 && random.coin() ? 2 : 1;
    Conv2d conv = make_conv(random, in.channels, 2 * random.size(1, 3), random.size(1, 3), random.size(1, 3), groups);
    for (auto& p : conv.padding) p = random.size(1, 2);
    conv.stride = {random.size(1, 2), random.size(1, 2)};
    if (random.coin()) conv.dilation = {random.size(1, 2), random.size(1, 2)};
    add("conv", std::move(conv), {last()});
    const std::size_t channels = graph.output_shape().channels;
    if (random.coin()) add("norm", BatchNorm{random.floats(channels, 1.0F), random.floats(channels, 1.0F)}, {last()});
    switch (random.size(0, 2)) {
      case 0:
        add("square", Square{}, {last()});
        break;
      case 1:
        add("poly", Polynomial{{random.doubles(3, 0.5F)}}, {last()});
        break;
      default: {
        Polynomial polynomial;
        for (std::size_t c = 0; c < channels; ++c) polynomial.coefficients.push_back(random.doubles(4, 0.3F));
        add("poly", std::move(polynomial), {last()});
      }
    }
    if (random.coin()) {
      const std::size_t trunk = last();
      Conv2d branch = make_conv(random, channels, channels, 3, 3);
      branch.padding = {1, 1, 1, 1};
      add("branch", std::move(branch), {trunk});
      add("add", Add{}, {trunk, last()});
    }
    const Shape now = graph.output_shape();
    if (now.height >= 3 && now.width >= 3 && random.coin()) {
      AvgPool pool{{2, random.size(2, 3)}, {random.size(1, 2), 2}, {0, 0, 0, 0}, false};
      if (padded_pools) {
        pool.padding = {random.size(0, 1), random.size(0, 1), 0, 0};
        pool.count_include_pad = random.coin();
      }
      add("pool", pool, {last()});
    }
  }
  add("flatten", Flatten{}, {last()});
  add("fc", make_linear(random, graph.output_shape().size(), 6), {last()});
  add("square", Square{}, {last()});
  add("fc", make_linear(random, 6, classes), {last()});
  return graph;
}

}  // namespace obscura::nn::testing
