#include "nn/features.h"

#include <algorithm>

#include "base/error.h"

namespace obscura::nn {
namespace {

/// The node that the last Linear reads.
std::size_t feature_node(const Graph& graph) {
  const auto last = std::ranges::find_if(graph.nodes.rbegin(), graph.nodes.rend(),
                                         [](const Node& node) { return std::holds_alternative<Linear>(node.layer); });
  if (last == graph.nodes.rend()) {
    throw UnsupportedError("network '" + graph.name +
                           "' has no dense layer whose inputs could be features: take what it says (output)");
  }
  if (graph.chunks && !graph.nodes[last->inputs[0]].merged) {
    throw UnsupportedError("network '" + graph.name +
                           "' has its last dense layer before its chunks are merged, so it has features of chunks but "
                           "not of pictures: take what it says (output)");
  }
  return last->inputs[0];
}

/// Which nodes lead to that one, itself among them.
std::vector<bool> leading_to(const Graph& graph, std::size_t node) {
  std::vector<bool> leads(graph.nodes.size(), false);
  leads[0] = leads[node] = true;
  for (std::size_t i = node + 1; i-- > 0;) {
    if (!leads[i]) continue;
    for (const std::size_t input : graph.nodes[i].inputs) leads[input] = true;
  }
  return leads;
}

}  // namespace

Graph features_of(const Graph& graph) {
  const std::size_t node = feature_node(graph);
  const auto leads = leading_to(graph, node);
  Graph part = without_layers(graph);
  part.preprocessing.classes.clear();
  part.head = Head::none, part.origin = {};
  std::vector<std::size_t> place(graph.nodes.size(), 0);
  for (std::size_t i = 1; i <= node; ++i) {
    if (!leads[i]) continue;
    place[i] = part.nodes.size();
    part.nodes.push_back(graph.nodes[i]);
    for (std::size_t& input : part.nodes.back().inputs) input = place[input];
  }
  // The pixels themselves: a network has a layer.
  if (part.nodes.size() == 1) add_node(part, "features", Flatten{}, {0});
  return part;
}

}  // namespace obscura::nn
