#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/error.h"
#include "nn/reference.h"

namespace obscura::nn {
namespace {

using Values = std::vector<double>;

/// Index of an input row or column, or -1 in the padding.
std::ptrdiff_t source(std::size_t out, std::size_t stride, std::size_t tap, std::size_t dilation, std::size_t before,
                      std::size_t side) {
  const auto at = static_cast<std::ptrdiff_t>(out * stride + tap * dilation) - static_cast<std::ptrdiff_t>(before);
  return at >= 0 && at < static_cast<std::ptrdiff_t>(side) ? at : -1;
}

/// Where node values come from while one layer runs.
struct Evaluation {
  const Graph& graph;
  const Node& node;
  const std::vector<Values>& outputs;

  const Values& in(std::size_t i = 0) const { return outputs[node.inputs[i]]; }
  const Shape& shape(std::size_t i = 0) const { return graph.nodes[node.inputs[i]].shape; }

  Values operator()(const Input&) const { throw MismatchError("a network has its input in the middle"); }
  Values operator()(const Flatten&) const { return in(); }

  /// Sum over one window of one channel, weights row-major.
  double convolve_channel(const Conv2d& conv, const float* weights, std::size_t channel, std::size_t y,
                          std::size_t x) const {
    const Shape& s = shape();
    double sum = 0;
    for (std::size_t ky = 0; ky < conv.kernel[0]; ++ky) {
      const auto sy = source(y, conv.stride[0], ky, conv.dilation[0], conv.padding[0], s.height);
      if (sy < 0) continue;
      for (std::size_t kx = 0; kx < conv.kernel[1]; ++kx) {
        const auto sx = source(x, conv.stride[1], kx, conv.dilation[1], conv.padding[1], s.width);
        if (sx < 0) continue;
        const std::size_t at =
            (channel * s.height + static_cast<std::size_t>(sy)) * s.width + static_cast<std::size_t>(sx);
        sum += static_cast<double>(weights[ky * conv.kernel[1] + kx]) * in()[at];
      }
    }
    return sum;
  }

  Values operator()(const Conv2d& conv) const {
    const std::size_t group_in = shape().channels / conv.groups;
    const std::size_t group_out = conv.out_channels / conv.groups;
    const std::size_t taps = conv.kernel[0] * conv.kernel[1];
    Values out;
    out.reserve(node.shape.size());
    for (std::size_t o = 0; o < conv.out_channels; ++o) {
      const std::size_t first = o / group_out * group_in;
      for (std::size_t y = 0; y < node.shape.height; ++y) {
        for (std::size_t x = 0; x < node.shape.width; ++x) {
          double sum = conv.bias.empty() ? 0.0 : static_cast<double>(conv.bias[o]);
          for (std::size_t c = 0; c < group_in; ++c) {
            sum += convolve_channel(conv, conv.weights.data() + (o * group_in + c) * taps, first + c, y, x);
          }
          out.push_back(sum);
        }
      }
    }
    return out;
  }

  double average(const AvgPool& pool, std::size_t channel, std::size_t y, std::size_t x) const {
    const Shape& s = shape();
    double sum = 0;
    std::size_t counted = 0;
    for (std::size_t ky = 0; ky < pool.kernel[0]; ++ky) {
      const auto sy = source(y, pool.stride[0], ky, 1, pool.padding[0], s.height);
      for (std::size_t kx = 0; kx < pool.kernel[1] && sy >= 0; ++kx) {
        const auto sx = source(x, pool.stride[1], kx, 1, pool.padding[1], s.width);
        if (sx < 0) continue;
        sum += in()[(channel * s.height + static_cast<std::size_t>(sy)) * s.width + static_cast<std::size_t>(sx)];
        ++counted;
      }
    }
    if (pool.count_include_pad) counted = pool.kernel[0] * pool.kernel[1];
    return sum / static_cast<double>(counted);
  }

  Values operator()(const AvgPool& pool) const {
    Values out;
    out.reserve(node.shape.size());
    for (std::size_t c = 0; c < node.shape.channels; ++c) {
      for (std::size_t y = 0; y < node.shape.height; ++y) {
        for (std::size_t x = 0; x < node.shape.width; ++x) out.push_back(average(pool, c, y, x));
      }
    }
    return out;
  }

  Values operator()(const MaxPool& pool) const {
    const Shape &s = shape(), &out = node.shape;
    Values values(out.size(), -std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t channel = i / (out.height * out.width), y = i / out.width % out.height, x = i % out.width;
      for (std::size_t tap = 0; tap < pool.kernel[0] * pool.kernel[1]; ++tap) {
        const auto row = source(y, pool.stride[0], tap / pool.kernel[1], 1, pool.padding[0], s.height);
        const auto column = source(x, pool.stride[1], tap % pool.kernel[1], 1, pool.padding[1], s.width);
        if (row < 0 || column < 0) continue;
        const std::size_t at = (channel * s.height + static_cast<std::size_t>(row)) * s.width;
        values[i] = std::max(values[i], in()[at + static_cast<std::size_t>(column)]);
      }
    }
    return values;
  }

  Values operator()(const BatchNorm& norm) const {
    const std::size_t plane = node.shape.height * node.shape.width;
    Values out = in();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<double>(norm.scale[i / plane]) * out[i] + static_cast<double>(norm.shift[i / plane]);
    }
    return out;
  }

  Values operator()(const Linear& linear) const {
    const std::size_t width = in().size();
    Values out;
    for (std::size_t o = 0; o < linear.out_features; ++o) {
      double sum = linear.bias.empty() ? 0.0 : static_cast<double>(linear.bias[o]);
      for (std::size_t i = 0; i < width; ++i) sum += static_cast<double>(linear.weights[o * width + i]) * in()[i];
      out.push_back(sum);
    }
    return out;
  }

  Values operator()(const Square&) const {
    Values out = in();
    for (double& v : out) v *= v;
    return out;
  }

  Values operator()(const Polynomial& polynomial) const {
    const std::size_t plane = node.shape.height * node.shape.width;
    Values out = in();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = evaluate_row(polynomial, polynomial.coefficients.size() == 1 ? 0 : i / plane, out[i]);
    }
    return out;
  }

  Values operator()(const Add&) const {
    Values out = in(0);
    std::ranges::transform(out, in(1), out.begin(), std::plus<>());
    return out;
  }

  Values operator()(const Product&) const {
    Values out = in(0);
    std::ranges::transform(out, in(1), out.begin(), std::multiplies<>());
    return out;
  }

  /// Channels come first in memory, so tensors are joined by writing one behind the other.
  Values operator()(const Concat&) const {
    Values out;
    out.reserve(node.shape.size());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) out.insert(out.end(), in(i).begin(), in(i).end());
    return out;
  }

  Values operator()(const Pad& pad) const {
    const Shape& s = shape();
    Values out;
    out.reserve(node.shape.size());
    for (std::size_t c = 0; c < s.channels; ++c) {
      for (std::size_t y = 0; y < node.shape.height; ++y) {
        const auto sy = pad_source(pad.mode, y, pad.padding[0], s.height);
        for (std::size_t x = 0; x < node.shape.width; ++x) {
          const auto sx = pad_source(pad.mode, x, pad.padding[1], s.width);
          out.push_back(sy && sx ? in()[(c * s.height + *sy) * s.width + *sx] : static_cast<double>(pad.value));
        }
      }
    }
    return out;
  }

  Values operator()(const Rearrange& rearrange) const {
    Values out;
    out.reserve(rearrange.source.size());
    for (const std::int32_t s : rearrange.source) {
      out.push_back(s == Rearrange::kFill ? static_cast<double>(rearrange.fill) : in()[static_cast<std::size_t>(s)]);
    }
    return out;
  }

  /// Of all chunks, one behind the other.
  Values operator()(const Merge& merge) const {
    if (merge.kind == Merge::Kind::concat) return in();
    const std::size_t size = node.shape.size(), chunks = in().size() / size;
    Values out(size, 0);
    for (std::size_t i = 0; i < in().size(); ++i) out[i % size] += in()[i];
    for (double& v : out) v /= static_cast<double>(chunks);
    return out;
  }

  Values operator()(const Activation& activation) const {
    Values out = in();
    for (double& v : out) v = activate(activation, v);
    return out;
  }
};

/// One layer for each of the chunks whose values stand one behind the other.
Values run_chunks(const Graph& graph, std::size_t at, const std::vector<Values>& outputs) {
  const Node& node = graph.nodes[at];
  const std::size_t before = node.inputs.front();
  const std::size_t chunks = outputs[before].size() / graph.nodes[before].shape.size();
  std::vector<Values> of_one(outputs.size());
  Values out;
  for (std::size_t k = 0; k < chunks; ++k) {
    for (const std::size_t input : node.inputs) {
      const auto size = static_cast<std::ptrdiff_t>(graph.nodes[input].shape.size());
      const auto first = outputs[input].begin() + static_cast<std::ptrdiff_t>(k) * size;
      of_one[input].assign(first, first + size);
    }
    const Values one = std::visit(Evaluation{graph, node, of_one}, node.layer);
    out.insert(out.end(), one.begin(), one.end());
  }
  return out;
}

}  // namespace

std::vector<double> run_reference_node(const Graph& graph, std::size_t node,
                                       const std::vector<std::vector<double>>& outputs) {
  if (graph.chunks && !graph.nodes[node].merged) return run_chunks(graph, node, outputs);
  return std::visit(Evaluation{graph, graph.nodes[node], outputs}, graph.nodes[node].layer);
}

std::vector<std::vector<float>> network_inputs(const Graph& graph, std::span<const float> image) {
  if (!graph.chunks) return {{image.begin(), image.end()}};
  std::vector<std::vector<float>> chunks;
  for (const std::size_t k : chosen_chunks(*graph.chunks, image, graph.preprocessing)) {
    chunks.push_back(cut_chunk(*graph.chunks, image, k));
  }
  return chunks;
}

std::vector<double> input_values(const Graph& graph, std::span<const float> image) {
  if (image.size() != graph.input_shape().size()) {
    throw MismatchError("the network takes " + std::to_string(graph.input_shape().size()) + " values, not " +
                        std::to_string(image.size()));
  }
  Values values;
  for (const auto& part : network_inputs(graph, image)) values.insert(values.end(), part.begin(), part.end());
  return values;
}

std::vector<std::vector<double>> run_reference_layers(const Graph& graph, std::span<const float> image) {
  std::vector<Values> outputs{input_values(graph, image)};
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    outputs.push_back(run_reference_node(graph, i, outputs));
  }
  return outputs;
}

std::vector<double> run_reference(const Graph& graph, std::span<const float> image) {
  return run_reference_layers(graph, image).back();
}

}  // namespace obscura::nn
