#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "compile/compile.h"
#include "compile/networks.h"
#include "support/random_graph.h"

/// Networks as people have them over the whole grid of sizes: sides 8 to 256, 1 to 64 channels, kernels of 1, 3 and 5,
/// strides 1 to 4, padded or not, average pooling, residual sums, and a dense head.
namespace obscura::compile::testing {

struct SizeCase {
  nn::Graph graph;
  std::string text() const {
    std::string words;
    for (const auto& node : graph.nodes) {
      words += (words.empty() ? "" : "; ") + node.name + " " + std::to_string(node.shape.channels) + "x" +
               std::to_string(node.shape.height) + "x" + std::to_string(node.shape.width);
    }
    return words;
  }
};

/// Draws one; the same seed gives the same network on every machine. `most_entries`: of a convolution's matrix, which
/// is what a check takes time for; its maps, then its stride and kernel give way.
class SizeDraw {
 public:
  SizeDraw(std::uint64_t seed, double most_entries)
      : engine_(seed * 0x9E3779B97F4A7C15U + 7), random_(seed), most_entries_(most_entries) {}

  SizeCase draw() {
    const std::size_t side = coin() ? size(8, 256) : 8 * size(1, 32);
    graph_ = nn::make_graph("sizes", {channels(), side, side});
    const std::size_t blocks = size(1, 3);
    for (std::size_t b = 0; b < blocks && shape().height >= 4; ++b) block();
    head();
    support::tame(graph_, 1, 1);
    return {std::move(graph_)};
  }

 private:
  std::size_t size(std::size_t low, std::size_t high) { return low + engine_() % (high - low + 1); }
  bool coin() { return size(0, 1) == 0; }
  /// Few as often as many.
  std::size_t channels() {
    constexpr std::size_t usual[] = {1, 3, 4, 8, 16, 32, 64};
    return coin() ? usual[size(0, 6)] : size(1, 64);
  }
  const Shape& shape() const { return graph_.output_shape(); }
  std::size_t last() const { return graph_.nodes.size() - 1; }
  void add(const std::string& kind, nn::Layer layer, std::vector<std::size_t> inputs) {
    nn::add_node(graph_, kind + std::to_string(graph_.nodes.size()), std::move(layer), std::move(inputs));
  }
  void add(const std::string& kind, nn::Layer layer) { add(kind, std::move(layer), {last()}); }

  void convolution(const std::string& kind, std::size_t maps, std::size_t kernel, std::size_t stride,
                   std::size_t padding) {
    const std::size_t in = shape().channels;
    const auto entries = [&] {
      const auto side = static_cast<double>(shape().height / stride + 1);
      return static_cast<double>(maps * in * kernel * kernel) * side * side;
    };
    while (entries() > most_entries_ && maps > 4) maps /= 2;
    while (entries() > most_entries_ && stride < 4 && kind == "conv") ++stride;
    if (entries() > most_entries_ && kind == "conv") kernel = 1, padding = 0;
    add(kind, networks::conv(random_, in, maps, kernel, stride, padding));
  }

  void block() {
    const std::size_t kernel = 2 * size(0, std::min<std::size_t>(2, (shape().height - 1) / 2)) + 1;
    convolution("conv", channels(), kernel, size(1, 4), coin() ? kernel / 2 : 0);
    add("square", nn::Square{});
    const std::size_t trunk = last();
    if (size(0, 3) == 0 && shape().height >= 3 && shape().channels <= 16) {
      add("branch", networks::conv(random_, shape().channels, shape().channels, coin() ? 1 : 3, 1, 0));
      if (shape() == graph_.nodes[trunk].shape) {
        add("add", nn::Add{}, {trunk, last()});
      } else {
        add("square", nn::Square{});
      }
    }
    if (size(0, 2) == 0 && shape().height >= 4) {
      const std::size_t k = size(2, 3);
      add("pool", nn::AvgPool{{k, k}, {2, 2}, {0, 0, 0, 0}, false});
    }
  }

  void head() {
    const Shape in = shape();
    // A dense layer over very many values stands behind a global average.
    if (in.size() > 4096 || size(0, 2) == 0) {
      add("average", nn::AvgPool{{in.height, in.width}, {in.height, in.width}, {0, 0, 0, 0}, false});
    }
    add("flatten", nn::Flatten{});
    if (size(0, 3) == 0) {
      add("fc", networks::linear(random_, shape().size(), size(1, 64)));
      add("square", nn::Square{});
    }
    add("fc", networks::linear(random_, shape().size(), size(1, 20)));
  }

  std::mt19937_64 engine_;
  networks::Random random_;
  double most_entries_;
  nn::Graph graph_;
};

inline SizeCase size_case(std::uint64_t seed, double most_entries) {
  return SizeDraw(seed, most_entries).draw();
}

}  // namespace obscura::compile::testing
