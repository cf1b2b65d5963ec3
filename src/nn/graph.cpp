#include "nn/graph.h"

#include <algorithm>

#include "base/error.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

std::vector<std::size_t> count_consumers(const Graph& graph) {
  std::vector<std::size_t> consumers(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const std::size_t input : node.inputs) ++consumers[input];
  }
  return consumers;
}

/// Average of a constant is the constant, unless zeros of the padding are counted.
bool keeps_constants(const Layer& layer) {
  const auto* pool = std::get_if<AvgPool>(&layer);
  if (pool == nullptr) return false;
  const bool padded = pool->padding != std::array<std::size_t, 4>{0, 0, 0, 0};
  return !(padded && pool->count_include_pad);
}

/// The node that could take in the batch norm `at`: linear, read by nobody else on the way.
std::optional<std::size_t> absorber(const Graph& graph, const std::vector<std::size_t>& consumers, std::size_t at) {
  std::size_t source = graph.nodes[at].inputs[0];
  while (consumers[source] == 1 && keeps_constants(graph.nodes[source].layer)) source = graph.nodes[source].inputs[0];
  if (consumers[source] != 1) return std::nullopt;
  const Layer& layer = graph.nodes[source].layer;
  const bool linear = std::holds_alternative<Conv2d>(layer) || std::holds_alternative<Linear>(layer) ||
                      std::holds_alternative<BatchNorm>(layer);
  return linear ? std::optional(source) : std::nullopt;
}

/// scale * (W x + b) + shift, an output channel at a time, computed in double.
void scale_outputs(std::vector<float>& weights, std::vector<float>& bias, const BatchNorm& norm) {
  const std::size_t outputs = norm.scale.size();
  const std::size_t row = weights.size() / outputs;
  if (bias.empty()) bias.assign(outputs, 0.0F);
  for (std::size_t o = 0; o < outputs; ++o) {
    const double scale = norm.scale[o];
    for (std::size_t i = 0; i < row; ++i) {
      weights[o * row + i] = static_cast<float>(scale * static_cast<double>(weights[o * row + i]));
    }
    bias[o] = static_cast<float>(scale * static_cast<double>(bias[o]) + static_cast<double>(norm.shift[o]));
  }
}

void absorb(Layer& layer, const BatchNorm& norm) {
  if (auto* conv = std::get_if<Conv2d>(&layer)) {
    scale_outputs(conv->weights, conv->bias, norm);
  } else if (auto* linear = std::get_if<Linear>(&layer)) {
    scale_outputs(linear->weights, linear->bias, norm);
  } else if (auto* before = std::get_if<BatchNorm>(&layer)) {
    scale_outputs(before->scale, before->shift, norm);
  }
}

}  // namespace

std::string layer_name(const Layer& layer) {
  struct Name {
    std::string operator()(const Input&) const { return "Input"; }
    std::string operator()(const Conv2d&) const { return "Conv2d"; }
    std::string operator()(const AvgPool&) const { return "AvgPool"; }
    std::string operator()(const MaxPool&) const { return "MaxPool"; }
    std::string operator()(const BatchNorm&) const { return "BatchNorm"; }
    std::string operator()(const Flatten&) const { return "Flatten"; }
    std::string operator()(const Linear&) const { return "Linear"; }
    std::string operator()(const Square&) const { return "Square"; }
    std::string operator()(const Polynomial&) const { return "Polynomial"; }
    std::string operator()(const Add&) const { return "Add"; }
    std::string operator()(const Product&) const { return "Product"; }
    std::string operator()(const Concat&) const { return "Concat"; }
    std::string operator()(const Pad&) const { return "Pad"; }
    std::string operator()(const Rearrange&) const { return "Rearrange"; }
    std::string operator()(const Merge& merge) const {
      return merge.kind == Merge::Kind::mean ? "MeanOfChunks" : "ConcatOfChunks";
    }
    std::string operator()(const Activation& activation) const { return activation_name(activation); }
  };
  return std::visit(Name{}, layer);
}

Graph make_graph(std::string name, const Shape& input) {
  if (input.channels == 0 || input.height == 0 || input.width == 0) throw FormatError("the network's input is empty");
  if (input.height > kMaxSide || input.width > kMaxSide) throw FormatError("the network's input is too large");
  if (input.channels > kMaxInput || input.size() > kMaxInput) throw FormatError("the network's input is too large");
  Graph graph;
  graph.name = std::move(name);
  graph.nodes.push_back({"input", Input{}, {}, input});
  graph.preprocessing = default_preprocessing(input);
  return graph;
}

Graph make_chunk_graph(std::string name, const Chunking& cut) {
  check_chunking(cut);
  Graph graph = make_graph(std::move(name), cut.chunk());
  graph.chunks = cut;
  return graph;
}

std::optional<std::size_t> merge_of(const Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (std::holds_alternative<Merge>(graph.nodes[i].layer)) return i;
  }
  return std::nullopt;
}

void check_chunks(const Graph& graph) {
  const auto at = merge_of(graph);
  if (!graph.chunks) {
    if (at) throw FormatError("layer '" + graph.nodes[*at].name + "' merges chunks, and the network says of none");
    return;
  }
  if (!at || !graph.nodes.back().merged) {
    throw FormatError("the network " + graph.name + " is of chunks and never merges them");
  }
  const auto& merge = std::get<Merge>(graph.nodes[*at].layer);
  if (merge.kind == Merge::Kind::concat && (merge.count != graph.chunks->count() || graph.chunks->kept != 0)) {
    throw FormatError("layer '" + graph.nodes[*at].name + "' takes " + std::to_string(merge.count) +
                      " chunks in their order, and the picture has " + std::to_string(graph.chunks->count()));
  }
}

SplitGraph split_at_merge(const Graph& graph) {
  const std::size_t at = merge_of(graph).value();
  SplitGraph split;
  split.trunk.name = graph.name;
  split.head = make_graph(graph.name, graph.nodes[at].shape);
  std::vector<std::size_t> place(graph.nodes.size(), 0);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (i == at) continue;  // the input of the head
    Graph& part = graph.nodes[i].merged ? split.head : split.trunk;
    place[i] = part.nodes.size();
    part.nodes.push_back(graph.nodes[i]);
    part.nodes.back().merged = false;
    for (std::size_t& input : part.nodes.back().inputs) input = place[input];
  }
  // What is merged is the trunk's output, so it has to come last: layers that nothing reads are dropped with it.
  split.trunk.nodes.resize(place[graph.nodes[at].inputs[0]] + 1);
  return split;
}

Graph without_layers(const Graph& graph) {
  Graph result;
  result.name = graph.name;
  result.nodes = {graph.nodes.front()};
  result.preprocessing = graph.preprocessing;
  result.notes = graph.notes;
  result.head = graph.head;
  result.origin = graph.origin;
  result.chunks = graph.chunks;
  return result;
}

std::size_t add_node(Graph& graph, std::string name, Layer layer, std::vector<std::size_t> inputs) {
  if (graph.nodes.empty()) throw FormatError("layer '" + name + "' comes before the network's input");
  std::vector<Shape> shapes;
  for (const std::size_t input : inputs) {
    if (input >= graph.nodes.size()) throw FormatError("layer '" + name + "' reads a layer that comes after it");
    shapes.push_back(graph.nodes[input].shape);
  }
  const Shape shape = infer_shape(name, layer, shapes);
  check_finite(name, layer);
  const auto merged = [&](std::size_t input) { return graph.nodes[input].merged; };
  const bool any = std::ranges::any_of(inputs, merged);
  if (any && !std::ranges::all_of(inputs, merged)) {
    throw FormatError("layer '" + name + "' reads values of single chunks beside values of the whole picture");
  }
  const bool merges = std::holds_alternative<Merge>(layer);
  if (merges && (any || merge_of(graph))) {
    throw FormatError("layer '" + name + "' merges chunks that are merged already");
  }
  graph.nodes.push_back({std::move(name), std::move(layer), std::move(inputs), shape, any || merges});
  return graph.nodes.size() - 1;
}

std::optional<std::size_t> pad_source(Pad::Mode mode, std::size_t out, std::size_t before, std::size_t side) {
  if (out >= before && out - before < side) return out - before;
  if (mode == Pad::Mode::constant) return std::nullopt;
  const bool first = out < before;
  if (mode == Pad::Mode::edge) return first ? 0 : side - 1;
  return first ? before - out : 2 * (side - 1) - (out - before);
}

Graph fold_batch_norms(const Graph& graph) {
  Graph folded = without_layers(graph);
  folded.nodes.clear();
  folded.calibration = graph.calibration;
  const auto consumers = count_consumers(graph);
  std::vector<std::size_t> place(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (const auto* norm = std::get_if<BatchNorm>(&node.layer)) {
      const auto source = absorber(graph, consumers, i);
      const std::size_t input = place[node.inputs[0]];
      // The output must stay the last node, so a norm that is the output goes only into what stands right before it.
      const bool stays_last = i + 1 < graph.nodes.size() || input + 1 == folded.nodes.size();
      if (source && stays_last) {
        Node& target = folded.nodes[place[*source]];
        absorb(target.layer, *norm);
        check_finite(target.name, target.layer);
        place[i] = input;
        continue;
      }
    }
    place[i] = folded.nodes.size();
    folded.nodes.push_back(node);
    for (std::size_t& input : folded.nodes.back().inputs) input = place[input];
  }
  return folded;
}

}  // namespace obscura::nn
