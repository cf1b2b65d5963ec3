#include "nn/mirrored.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace obscura::nn {
namespace {

template <typename T>
std::vector<T> twice(const std::vector<T>& values) {
  std::vector<T> both = values;
  both.insert(both.end(), values.begin(), values.end());
  return both;
}

Shape twice_the_channels(const Shape& shape) {
  return {2 * shape.channels, shape.height, shape.width};
}

/// The picture, and behind it the picture with left and right exchanged.
Rearrange picture_and_mirror(const Shape& picture) {
  Rearrange both;
  both.output = twice_the_channels(picture);
  for (std::size_t i = 0; i < picture.size(); ++i) both.source.push_back(static_cast<std::int32_t>(i));
  for (std::size_t row = 0; row < picture.size(); row += picture.width) {
    for (std::size_t x = picture.width; x-- > 0;) both.source.push_back(static_cast<std::int32_t>(row + x));
  }
  return both;
}

/// The layer on two halves of its input by itself, for layers that read one tensor.
struct Doubled {
  const Shape& input;  ///< of one half

  Layer operator()(Conv2d layer) const {
    layer.out_channels *= 2;
    layer.groups *= 2;
    layer.weights = twice(layer.weights);
    layer.bias = twice(layer.bias);
    return layer;
  }
  /// A dense layer is a convolution of 1x1 on what was flattened.
  Layer operator()(const Linear& layer) const {
    Conv2d conv;
    conv.out_channels = 2 * layer.out_features;
    conv.groups = 2;
    conv.weights = twice(layer.weights);
    conv.bias = twice(layer.bias);
    return conv;
  }
  Layer operator()(BatchNorm layer) const {
    layer.scale = twice(layer.scale);
    layer.shift = twice(layer.shift);
    return layer;
  }
  Layer operator()(Polynomial layer) const {
    if (layer.coefficients.size() > 1) layer.coefficients = twice(layer.coefficients);
    return layer;
  }
  Layer operator()(Rearrange layer) const {
    layer.output = twice_the_channels(layer.output);
    const auto size = static_cast<std::int32_t>(input.size());
    const std::size_t half = layer.source.size();
    for (std::size_t i = 0; i < half; ++i) {
      const std::int32_t from = layer.source[i];
      layer.source.push_back(from == Rearrange::kFill ? from : from + size);
    }
    return layer;
  }
  template <typename T>
  Layer operator()(T layer) const {
    return layer;
  }
};

/// Tensors one behind the other, each of two halves: first the first halves of all.
Rearrange halves_together(const std::vector<Shape>& parts) {
  Rearrange sorted;
  std::size_t channels = 0;
  for (const Shape& part : parts) channels += part.channels;
  sorted.output = {2 * channels, parts.front().height, parts.front().width};
  for (const std::size_t half : {0U, 1U}) {
    std::size_t begin = 0;
    for (const Shape& part : parts) {
      for (std::size_t i = 0; i < part.size(); ++i) {
        sorted.source.push_back(static_cast<std::int32_t>(begin + half * part.size() + i));
      }
      begin += 2 * part.size();
    }
  }
  return sorted;
}

/// What takes the mean of two halves behind `layer`, which may do more than that.
Linear mean_behind(const Linear& layer) {
  const std::size_t inputs = layer.weights.size() / layer.out_features;
  Linear mean{layer.out_features, {}, layer.bias};
  for (std::size_t row = 0; row < layer.out_features; ++row) {
    for (std::size_t i = 0; i < 2 * inputs; ++i) {
      mean.weights.push_back(layer.weights[row * inputs + i % inputs] / 2);
    }
  }
  return mean;
}

Linear mean_of_halves(std::size_t outputs) {
  Linear same{outputs, std::vector<float>(outputs * outputs, 0.0F), {}};
  for (std::size_t i = 0; i < outputs; ++i) same.weights[i * outputs + i] = 1;
  return mean_behind(same);
}

}  // namespace

bool is_mirrored(const Graph& graph) {
  const auto both = picture_and_mirror(graph.nodes.front().shape).source;
  return std::ranges::any_of(graph.nodes, [&](const Node& node) {
    const auto* layer = std::get_if<Rearrange>(&node.layer);
    return layer != nullptr && node.inputs[0] == 0 && layer->source == both;
  });
}

Graph mirrored(const Graph& graph) {
  if (graph.chunks) {
    throw UnsupportedError("the network " + graph.name +
                           " looks at a picture chunk by chunk: it cannot see the mirror image beside it");
  }
  if (is_mirrored(graph)) {
    throw UnsupportedError("the network " + graph.name + " sees the mirror image beside the picture already");
  }
  Graph made = without_layers(graph);
  made.calibration = graph.calibration;
  std::vector<std::size_t> place{add_node(made, "picture_and_mirror", picture_and_mirror(graph.input_shape()), {0})};
  const std::size_t last = graph.nodes.size() - 1;
  for (std::size_t i = 1; i <= last; ++i) {
    const Node& node = graph.nodes[i];
    std::vector<std::size_t> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(place[input]);
    const auto* linear = std::get_if<Linear>(&node.layer);
    // Of dense layers, which read planes as rows, one behind the other.
    if (linear != nullptr && made.nodes[inputs[0]].shape.height * made.nodes[inputs[0]].shape.width > 1) {
      inputs[0] = add_node(made, node.name + "_flat", Flatten{}, inputs);
    }
    if (i == last && linear != nullptr) {
      add_node(made, node.name, mean_behind(*linear), inputs);
      return made;
    }
    const Shape& input = graph.nodes[node.inputs.front()].shape;
    place.push_back(add_node(made, node.name, std::visit(Doubled{input}, node.layer), inputs));
    if (!std::holds_alternative<Concat>(node.layer)) continue;
    std::vector<Shape> parts;
    for (const std::size_t from : node.inputs) parts.push_back(graph.nodes[from].shape);
    place.back() = add_node(made, node.name + "_halves", halves_together(parts), {place.back()});
  }
  const std::size_t outputs = graph.output_shape().size();
  std::size_t flat = place.back();
  if (made.nodes[flat].shape.channels != 2 * outputs) flat = add_node(made, "mean_flat", Flatten{}, {flat});
  add_node(made, "mean_of_both", mean_of_halves(outputs), {flat});
  return made;
}

}  // namespace obscura::nn
