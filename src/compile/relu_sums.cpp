#include "compile/relu_sums.h"

#include <string>
#include <vector>

namespace obscura::compile {
namespace {

using Kind = nn::Activation::Kind;

/// Writes one activation after another into a graph.
class Writer {
 public:
  Writer(nn::Graph& graph, const std::string& name, std::size_t input) : graph_(graph), name_(name), input_(input) {}

  /// min(max(scale x + shift, low), high).
  std::size_t clip(double scale, double shift, double low, double high) {
    const std::size_t first = relu("_low", scale, shift - low);
    const std::size_t second = affine("_shift", relu("_high", scale, shift - high), -1, low);
    return nn::add_node(graph_, name_ + "_sum", nn::Add{}, {first, second});
  }

  std::size_t times_input(std::size_t factor) {
    return nn::add_node(graph_, name_ + "_product", nn::Product{}, {input_, factor});
  }

 private:
  std::size_t affine(const std::string& suffix, std::size_t input, double scale, double shift) {
    if (scale == 1 && shift == 0) return input;
    const std::size_t channels = graph_.nodes[input].shape.channels;
    nn::BatchNorm norm{std::vector<float>(channels, static_cast<float>(scale)),
                       std::vector<float>(channels, static_cast<float>(shift))};
    return nn::add_node(graph_, name_ + suffix, std::move(norm), {input});
  }

  std::size_t relu(const std::string& suffix, double scale, double shift) {
    const std::size_t argument = affine(suffix + "_argument", input_, scale, shift);
    return nn::add_node(graph_, name_ + suffix, nn::Activation{Kind::relu}, {argument});
  }

  nn::Graph& graph_;
  const std::string& name_;
  std::size_t input_;
};

std::size_t write(nn::Graph& graph, const std::string& name, const nn::Activation& activation, std::size_t input) {
  Writer writer(graph, name, input);
  const auto alpha = static_cast<double>(activation.alpha), beta = static_cast<double>(activation.beta);
  if (activation.kind == Kind::clip) return writer.clip(1, 0, alpha, beta);
  if (activation.kind == Kind::hard_sigmoid) return writer.clip(alpha, beta, 0, 1);
  return writer.times_input(writer.clip(1.0 / 6, 0.5, 0, 1));
}

}  // namespace

bool is_relu_sum(const nn::Activation& activation) {
  return activation.kind == Kind::clip || activation.kind == Kind::hard_sigmoid || activation.kind == Kind::hard_swish;
}

nn::Graph with_relu_sums(const nn::Graph& graph) {
  nn::Graph result = nn::without_layers(graph);
  std::vector<std::size_t> place(graph.nodes.size(), 0);
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const nn::Node& node = graph.nodes[i];
    std::vector<std::size_t> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(place[input]);
    const auto* activation = std::get_if<nn::Activation>(&node.layer);
    place[i] = activation != nullptr && is_relu_sum(*activation)
                   ? write(result, node.name, *activation, inputs.front())
                   : nn::add_node(result, node.name, node.layer, std::move(inputs));
  }
  return result;
}

}  // namespace obscura::compile
