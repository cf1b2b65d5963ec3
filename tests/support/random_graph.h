#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "nn/graph.h"
#include "nn/reference.h"

/// Small networks of every shape that the compiler must take: what packed and batched runs are compared on.
namespace obscura::support {

/// What random_graph may draw; everything that a caller cannot run yet can be switched off.
struct RandomGraphOptions {
  std::size_t blocks = 2;      ///< each ends in an activation; one more comes with `dense` > 0
  std::size_t dense = 8;       ///< values between the two dense layers at the end; 0: one dense layer
  std::size_t outputs = 4;     ///< 0: no dense layer, the last block's image is the output
  std::size_t min_side = 6;    ///< of the image, in pixels
  std::size_t max_side = 16;   ///< of the image, in pixels
  std::size_t max_input = 3;   ///< channels
  std::size_t max_maps = 6;    ///< channels of a convolution
  std::size_t max_degree = 3;  ///< of polynomials; 2: squares and quadratics only
  bool residuals = true;       ///< Add of a branch and its trunk
  bool concats = true;         ///< Concat of a branch and its trunk
  bool pools = true;           ///< AvgPool, at times global, at times padded
  bool norms = true;           ///< BatchNorm before activations
  bool max_pools = false;      ///< MaxPool in place of some AvgPools, at times padded or of the whole image
  bool products = false;       ///< Product of a branch and its trunk: of its shape, a factor a channel or a pixel
  bool pads = false;           ///< Pad by reflection, repetition or a constant
  bool groups = true;          ///< grouped and depthwise convolutions
  bool dilations = true;       ///< convolutions with holes
  bool polynomials = true;     ///< false: Square only
  bool channelwise = true;     ///< polynomials with a row a channel
  bool activations = false;    ///< ReLU, SiLU, ... in place of some polynomials
  std::size_t max_kernel = 5;  ///< of convolutions, a side
  std::size_t max_stride = 2;  ///< of convolutions, a side
  std::size_t most_values = std::size_t{1} << 40;  ///< of what a convolution makes: larger strides, then fewer maps
};

/// Draws one network. The same seed and options give the same network, on every machine.
class RandomGraph {
 public:
  RandomGraph(std::uint64_t seed, const RandomGraphOptions& options) : options_(options), engine_(seed) {}

  nn::Graph draw() {
    const auto side = [&] { return size(options_.min_side, options_.max_side); };
    const std::size_t height = side();
    const std::size_t width = coin() ? height : side();
    graph_ = nn::make_graph("random", {size(1, options_.max_input), height, width});
    for (std::size_t b = 0; b < options_.blocks; ++b) block();
    if (options_.outputs == 0) return std::move(graph_);
    if (coin()) add("flatten", nn::Flatten{});
    if (options_.dense > 0) {
      dense(options_.dense);
      activation();
    }
    dense(options_.outputs);
    return std::move(graph_);
  }

 private:
  // std::uniform_int_distribution differs between libraries; the modulus is as good for small ranges.
  std::size_t size(std::size_t low, std::size_t high) { return low + engine_() % (high - low + 1); }
  bool coin() { return engine_() % 2 == 0; }
  float real(float limit) {
    const double unit = static_cast<double>(engine_() >> 11) * 0x1p-53;
    return static_cast<float>(unit * 2 - 1) * limit;
  }
  /// Uniform numbers of this standard deviation.
  std::vector<float> reals(std::size_t count, double deviation) {
    std::vector<float> values(count);
    for (float& v : values) v = real(static_cast<float>(deviation * std::sqrt(3.0)));
    return values;
  }
  double fan(std::size_t in) { return 1 / std::sqrt(static_cast<double>(in)); }

  std::size_t last() const { return graph_.nodes.size() - 1; }
  const Shape& shape() const { return graph_.output_shape(); }
  void add(const std::string& kind, nn::Layer layer) { add(kind, std::move(layer), {last()}); }
  void add(const std::string& kind, nn::Layer layer, std::vector<std::size_t> inputs) {
    nn::add_node(graph_, kind + std::to_string(graph_.nodes.size()), std::move(layer), std::move(inputs));
  }

  void block() {
    if (options_.pads && coin()) pad();
    convolution(size(1, options_.max_maps), true);
    if (options_.norms && coin()) norm();
    activation();
    if (options_.residuals && coin()) residual();
    if (options_.concats && coin()) concat();
    if (options_.products && coin()) product();
    if (options_.pools && coin()) pool();
  }

  /// A divisor of both channel counts.
  std::size_t groups(std::size_t in, std::size_t out) {
    if (!options_.groups || coin()) return 1;
    std::vector<std::size_t> shared;
    for (std::size_t g = 1; g <= std::min(in, out); ++g) {
      if (in % g == 0 && out % g == 0) shared.push_back(g);
    }
    return shared[size(0, shared.size() - 1)];
  }

  nn::Conv2d weighted(std::size_t maps, std::array<std::size_t, 2> kernel) {
    nn::Conv2d conv;
    conv.out_channels = maps;
    conv.groups = groups(shape().channels, maps);
    conv.kernel = kernel;
    const std::size_t row = shape().channels / conv.groups * kernel[0] * kernel[1];
    conv.weights = reals(maps * row, fan(row));
    if (coin()) conv.bias = reals(maps, 0.2);
    return conv;
  }

  /// Kernels 1 to 5 that fit, strides 1 and 2, paddings below the kernel, a side each, dilations 1 and 2.
  void convolution(std::size_t maps, bool may_stride) {
    const std::array<std::size_t, 2> sides{shape().height, shape().width};
    nn::Conv2d conv = weighted(
        maps, {size(1, std::min(options_.max_kernel, sides[0])), size(1, std::min(options_.max_kernel, sides[1]))});
    for (std::size_t axis = 0; axis < 2; ++axis) {
      conv.padding[axis] = size(0, conv.kernel[axis] / 2);
      conv.padding[axis + 2] = size(0, conv.kernel[axis] / 2);
      const std::size_t wide = 2 * (conv.kernel[axis] - 1) + 1;
      const bool fits = wide <= sides[axis] + conv.padding[axis] + conv.padding[axis + 2];
      if (options_.dilations && fits && coin()) conv.dilation[axis] = 2;
      if (may_stride && sides[axis] >= 6) conv.stride[axis] = size(1, options_.max_stride);
    }
    // A stride of as many pixels as the most values allow.
    while (maps * (sides[0] / conv.stride[0] + 1) * (sides[1] / conv.stride[1] + 1) > options_.most_values &&
           std::max(conv.stride[0], conv.stride[1]) < 16) {
      ++conv.stride[conv.stride[0] <= conv.stride[1] ? 0 : 1];
    }
    add("conv", std::move(conv));
  }

  void norm() {
    nn::BatchNorm norm;
    for (std::size_t c = 0; c < shape().channels; ++c) {
      norm.scale.push_back((coin() ? 1.0F : -1.0F) * (1.0F + real(0.4F)));
      norm.shift.push_back(real(0.3F));
    }
    add("norm", std::move(norm));
  }

  void activation() {
    if (options_.activations && coin()) return fitted_activation();
    if (!options_.polynomials || size(0, 2) == 0) return add("square", nn::Square{});
    const std::size_t degree = size(2, std::max<std::size_t>(2, options_.max_degree));
    const std::size_t rows = options_.channelwise && coin() ? shape().channels : 1;
    nn::Polynomial polynomial;
    for (std::size_t r = 0; r < rows; ++r) {
      auto& row = polynomial.coefficients.emplace_back();
      for (std::size_t i = 0; i <= degree; ++i) row.push_back(real(i == 1 ? 1.0F : 0.3F));
      row[degree] = (coin() ? 1.0F : -1.0F) * (0.1F + std::abs(real(0.2F)));
    }
    add("poly", std::move(polynomial));
  }

  void fitted_activation() {
    using Kind = nn::Activation::Kind;
    constexpr Kind kinds[] = {Kind::relu, Kind::leaky_relu, Kind::silu, Kind::sigmoid, Kind::gelu, Kind::tanh};
    nn::Activation drawn{kinds[size(0, std::size(kinds) - 1)]};
    if (drawn.kind == Kind::leaky_relu) drawn.alpha = 0.1F;
    add("act", drawn);
  }

  /// A branch of the trunk's shape: 1x1, or 3x3 that keeps the sides.
  std::size_t branch(std::size_t maps) {
    const std::size_t kernel = coin() ? 1 : 3;
    nn::Conv2d conv = weighted(maps, {kernel, kernel});
    conv.padding = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    add("branch", std::move(conv));
    if (coin()) activation();
    return last();
  }

  void residual() {
    const std::size_t trunk = last();
    const std::size_t other = branch(shape().channels);
    add("add", nn::Add{}, coin() ? std::vector{trunk, other} : std::vector{other, trunk});
  }

  void concat() {
    const std::size_t trunk = last();
    const std::size_t other = branch(size(1, 3));
    add("concat", nn::Concat{}, coin() ? std::vector{trunk, other} : std::vector{other, trunk});
  }

  /// The last value as often as `out` wants it: a factor a channel, or a pixel.
  void repeat(const Shape& out) {
    nn::Rearrange repeated{out, {}};
    const Shape& in = shape();
    for (std::size_t c = 0; c < out.channels; ++c) {
      for (std::size_t y = 0; y < out.height; ++y) {
        for (std::size_t x = 0; x < out.width; ++x) {
          const std::size_t from = (in.channels == 1 ? 0 : c * in.height * in.width) +
                                   (in.height == 1 ? 0 : y * in.width) + (in.width == 1 ? 0 : x);
          repeated.source.push_back(static_cast<std::int32_t>(from));
        }
      }
    }
    if (in != out) add("repeat", std::move(repeated));
  }

  void product() {
    const std::size_t trunk = last();
    const Shape out = shape();
    const std::size_t kind = size(0, 2);
    if (kind == 0) {  // squeeze and excitation
      add("squeeze", nn::AvgPool{{out.height, out.width}, {1, 1}, {0, 0, 0, 0}, false});
      add("excite", weighted(out.channels, {1, 1}));
      if (coin()) activation();
    } else {
      branch(kind == 1 ? 1 : out.channels);
    }
    repeat(out);
    const std::size_t other = last();
    add("product", nn::Product{}, coin() ? std::vector{trunk, other} : std::vector{other, trunk});
  }

  void max_pool() {
    const Shape& in = shape();
    if (size(0, 3) == 0) return add("maxpool", nn::MaxPool{{in.height, in.width}, {1, 1}});
    nn::MaxPool pool{{size(1, std::min<std::size_t>(3, in.height)), size(1, std::min<std::size_t>(3, in.width))},
                     {size(1, 2), size(1, 2)}};
    for (std::size_t i = 0; i < 4; ++i) pool.padding[i] = coin() ? size(0, pool.kernel[i % 2] - 1) : 0;
    add("maxpool", pool);
  }

  void pool() {
    const Shape& in = shape();
    if (options_.max_pools && coin()) return max_pool();
    if (size(0, 3) == 0) return add("pool", nn::AvgPool{{in.height, in.width}, {1, 1}, {0, 0, 0, 0}, false});
    if (in.height < 3 || in.width < 3) return;
    nn::AvgPool pool{{2, size(2, 3)}, {size(1, 2), 2}, {0, 0, 0, 0}, false};
    if (coin()) {
      pool.padding = {size(0, 1), size(0, 1), 0, 0};
      pool.count_include_pad = coin();
    }
    add("pool", pool);
  }

  void pad() {
    constexpr nn::Pad::Mode modes[] = {nn::Pad::Mode::constant, nn::Pad::Mode::reflect, nn::Pad::Mode::edge};
    nn::Pad pad{{0, 0, 0, 0}, modes[size(0, 2)], 0.0F};
    const std::size_t most = std::min<std::size_t>(2, std::min(shape().height, shape().width) - 1);
    for (auto& p : pad.padding) p = size(0, most);
    if (pad.mode == nn::Pad::Mode::constant) pad.value = real(0.5F);
    add("pad", pad);
  }

  void dense(std::size_t outputs) {
    const std::size_t in = shape().size();
    add("fc", nn::Linear{outputs, reals(outputs * in, fan(in)), reals(outputs, 0.2)});
  }

  RandomGraphOptions options_;
  std::mt19937_64 engine_;
  nn::Graph graph_;
};

/// `count` images for a network of that input, values uniform in [-1, 1].
inline std::vector<std::vector<float>> random_images(const Shape& input, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::vector<float>> images(count, std::vector<float>(input.size()));
  for (auto& image : images) {
    for (float& v : image) v = static_cast<float>(static_cast<double>(engine() >> 11) * 0x1p-52 - 1);
  }
  return images;
}

/// Brings the values of every convolution and dense layer to at most about 1 on random images, layer by layer, by
/// scaling its weights; polynomials of a few blocks would otherwise run away.
inline void tame(nn::Graph& graph, std::uint64_t seed, std::size_t samples = 16) {
  const auto images = random_images(graph.input_shape(), samples, seed);
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    auto* conv = std::get_if<nn::Conv2d>(&graph.nodes[i].layer);
    auto* linear = std::get_if<nn::Linear>(&graph.nodes[i].layer);
    if (conv == nullptr && linear == nullptr) continue;
    double most = 0;
    for (const auto& image : images) {
      const auto values = nn::run_reference_layers(graph, image)[i];
      for (const double v : values) most = std::max(most, std::abs(v));
    }
    if (!(most > 0)) continue;
    const auto factor = static_cast<float>(std::min(1 / most, 2.0));
    for (float& w : conv != nullptr ? conv->weights : linear->weights) w *= factor;
    for (float& b : conv != nullptr ? conv->bias : linear->bias) b *= factor;
  }
}

/// A small network for comparisons: one to three channels of 6 to 16 pixels a side, convolutions of every kind,
/// branches, pools, norms, polynomials, dense layers; values stay about 1 for images of random_images (an image in
/// [-1, 1]). Valid for every seed: deterministic.
inline nn::Graph random_graph(std::uint64_t seed, const RandomGraphOptions& options = {}) {
  nn::Graph graph = RandomGraph(seed, options).draw();
  tame(graph, seed);
  return graph;
}

}  // namespace obscura::support
