#include "nn/two_classes.h"

#include <utility>

#include "base/error.h"
#include "tensor/decision.h"

namespace obscura::nn {
namespace {

/// The last layer becomes this one, of the same name and inputs.
void replace_last(Graph& graph, Linear layer) {
  const Node last = std::move(graph.nodes.back());
  graph.nodes.pop_back();
  add_node(graph, last.name, std::move(layer), last.inputs);
}

}  // namespace

Graph as_two_classes(const Graph& graph) {
  Graph made = graph;
  made.head = Head::none;
  made.preprocessing.classes = class_labels(graph.preprocessing.classes, 1);
  const auto* last = std::get_if<Linear>(&graph.nodes.back().layer);
  if (last == nullptr) {
    add_node(made, "two_classes", Linear{2, {0, 1}, {}}, {made.nodes.size() - 1});
    return made;
  }
  Linear two{2, std::vector<float>(last->weights.size(), 0.0F), {}};
  two.weights.insert(two.weights.end(), last->weights.begin(), last->weights.end());
  if (!last->bias.empty()) two.bias = {0.0F, last->bias[0]};
  replace_last(made, std::move(two));
  return made;
}

Graph as_one_output(const Graph& graph, const Graph& like) {
  const auto* last = std::get_if<Linear>(&graph.nodes.back().layer);
  if (last == nullptr || last->out_features != 2) {
    throw UnsupportedError("the network " + graph.name + " does not end in a dense layer of two outputs");
  }
  const std::size_t inputs = last->weights.size() / 2;
  Linear one{1, {}, {}};
  for (std::size_t i = 0; i < inputs; ++i) one.weights.push_back(last->weights[inputs + i] - last->weights[i]);
  if (!last->bias.empty()) one.bias = {last->bias[1] - last->bias[0]};
  Graph made = graph;
  replace_last(made, std::move(one));
  made.head = like.head;
  made.preprocessing.classes = like.preprocessing.classes;
  return made;
}

}  // namespace obscura::nn
