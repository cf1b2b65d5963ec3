#pragma once

// Internal to src/train.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "nn/graph.h"

namespace obscura::train {

// The degree-2 Hermite expansion of a ReLU whose square is normalised (AESPA, arXiv 2201.06699).
inline constexpr float kSquareStart = 0.28F;
inline constexpr float kLinearStart = 0.5F;

/// Of a dense layer: beyond it, neither training nor an encrypted run is any use.
inline constexpr std::size_t kMostWeights = std::size_t{1} << 24;

struct Convolution {
  std::size_t channels;
  std::size_t kernel;
  std::size_t stride = 1;
  std::size_t padding = 0;
  bool bias = true;  ///< not before a batch norm, which has its own
};

enum class Act { quadratic, relu };

/// Layers one after the other, all weights zero; from() starts a branch and sum() ends two.
class Sequence {
 public:
  Sequence(const std::string& name, const Shape& input) : graph_(nn::make_graph(name, input)) {}
  /// Of chunks, until merge().
  Sequence(const std::string& name, const Chunking& cut) : graph_(nn::make_chunk_graph(name, cut)) {}

  Sequence& conv(const Convolution& wanted) {
    nn::Conv2d conv;
    conv.out_channels = wanted.channels;
    conv.kernel = {wanted.kernel, wanted.kernel};
    conv.stride = {wanted.stride, wanted.stride};
    conv.padding = {wanted.padding, wanted.padding, wanted.padding, wanted.padding};
    conv.weights.assign(wanted.channels * shape().channels * wanted.kernel * wanted.kernel, 0.0F);
    if (wanted.bias) conv.bias.assign(wanted.channels, 0.0F);
    return add("conv", std::move(conv));
  }
  Sequence& relu() { return add("relu", nn::Activation{nn::Activation::Kind::relu, 0, 0}); }
  Sequence& norm() {
    const std::size_t channels = shape().channels;
    return add("norm", nn::BatchNorm{std::vector<float>(channels, 1.0F), std::vector<float>(channels, 0.0F)});
  }
  Sequence& merge(nn::Merge::Kind kind) {
    return add("merge", nn::Merge{kind, kind == nn::Merge::Kind::concat ? graph_.chunks->count() : 1});
  }
  Sequence& flatten() { return add("flatten", nn::Flatten{}); }
  Sequence& square() { return add("square", nn::Square{}); }
  /// A batch norm and, a channel, b z + a z^2: both fold into what stands around them.
  Sequence& quadratic() { return activation(Act::quadratic); }
  /// The same, or a batch norm and a ReLU.
  Sequence& activation(Act act) {
    norm();
    if (act == Act::relu) return relu();
    const std::size_t channels = shape().channels;
    nn::Polynomial polynomial;
    polynomial.coefficients.assign(channels, {0.0F, kLinearStart, kSquareStart});
    return add("quadratic", std::move(polynomial));
  }
  /// Means of side x side windows.
  Sequence& average(std::size_t side) {
    return add("pool", nn::AvgPool{{side, side}, {side, side}, {0, 0, 0, 0}, false});
  }
  /// The largest of side x side windows.
  Sequence& maximum(std::size_t side) { return add("maxpool", nn::MaxPool{{side, side}, {side, side}}); }
  /// Of all that is left of the image.
  Sequence& mean() {
    const std::array<std::size_t, 2> window{shape().height, shape().width};
    return add("pool", nn::AvgPool{window, window, {0, 0, 0, 0}, false});
  }
  Sequence& linear(std::size_t out_features, bool bias = true) {
    const Shape& images = graph_.input_shape();
    if (shape().size() > kMostWeights / out_features) {
      throw UnsupportedError(fmt::format(
          "model {} for images of {}x{}x{} would have a dense layer of {} times {} weights, more than {} in "
          "all: take smaller images (--size)",
          graph_.name, images.channels, images.height, images.width, shape().size(), out_features, kMostWeights));
    }
    return add("fc", nn::Linear{out_features, std::vector<float>(out_features * shape().size(), 0.0F),
                                std::vector<float>(bias ? out_features : 0, 0.0F)});
  }
  /// The node of the last layer, and that the next layer reads another.
  std::size_t last() const { return last_; }
  Sequence& from(std::size_t node) {
    last_ = node;
    return *this;
  }
  Sequence& sum(std::size_t a, std::size_t b) { return add("add", nn::Add{}, {a, b}); }
  /// Of what the last layer makes.
  const Shape& shape() const { return graph_.nodes[last_].shape; }
  nn::Graph take() { return std::move(graph_); }

 private:
  /// Layers of a kind are numbered from 1 in the order in which they come.
  Sequence& add(const char* kind, nn::Layer layer) { return add(kind, std::move(layer), {last_}); }
  Sequence& add(const char* kind, nn::Layer layer, std::vector<std::size_t> inputs) {
    std::size_t number = 1;
    for (const auto& node : graph_.nodes) number += node.layer.index() == layer.index() ? 1 : 0;
    nn::add_node(graph_, fmt::format("{}{}", kind, number), std::move(layer), std::move(inputs));
    last_ = graph_.nodes.size() - 1;
    return *this;
  }
  nn::Graph graph_;
  std::size_t last_ = 0;
};

}  // namespace obscura::train
