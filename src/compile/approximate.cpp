#include "compile/approximate.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "compile/approximate_fit.h"
#include "nn/reference.h"

namespace obscura::compile {
namespace {

void check(const nn::Graph& graph, const std::vector<NodeRange>& ranges) {
  if (ranges.size() != graph.nodes.size()) {
    throw MismatchError("ranges of " + std::to_string(ranges.size()) + " layers do not belong to a network of " +
                        std::to_string(graph.nodes.size()));
  }
}

Range seen_range(const NodeRange& node, double tail) {
  if (tail <= 0) return {node.low, node.high};
  const auto last = static_cast<double>(node.quantiles.size() - 1);
  return {node.quantiles[static_cast<std::size_t>(tail * last)],
          node.quantiles[static_cast<std::size_t>(std::ceil((1 - tail) * last))]};
}

std::size_t count_outside(const std::vector<double>& values, const Range& range) {
  return static_cast<std::size_t>(std::ranges::count_if(values, [&](double v) { return !range.contains(v); }));
}

}  // namespace

std::string FittedLayer::degree_text() const {
  std::string text = composite.empty() ? std::to_string(degree) : "";
  for (const std::size_t d : composite) text += (text.empty() ? "" : " x ") + std::to_string(d);
  return text;
}

std::size_t FittedLayer::levels() const {
  // A quadratic is a square between two maps.
  if (composite.empty()) return degree == 2 ? 1 : std::bit_width(degree);
  std::size_t sum = 1;
  for (const std::size_t d : composite) sum += std::bit_width(d);
  return sum;
}

std::string FitReport::text() const {
  if (layers.empty()) return "";
  std::string table = fmt::format("{:<24} {:<12} {:>21} {:>21} {:>10} {:>6} {:>10} {:>10}\n", "layer", "function",
                                  "seen", "fitted", "degree", "levels", "max error", "rms error");
  for (const FittedLayer& layer : layers) {
    const auto interval = [](const Range& r) { return fmt::format("[{:.4g}, {:.4g}]", r.low, r.high); };
    table +=
        fmt::format("{:<24} {:<12} {:>21} {:>21} {:>10} {:>6} {:>10.2e} {:>10.2e}{}\n", layer.name, layer.function,
                    interval(layer.seen), interval(layer.fitted), layer.degree_text(), layer.levels(), layer.max_error,
                    layer.rms_error, layer.reached ? "" : "  (not what was wanted: the degree is limited)");
  }
  return table;
}

nn::Graph fit_activations(const nn::Graph& graph, const std::vector<NodeRange>& ranges, const FitOptions& options,
                          FitReport* report) {
  check(graph, ranges);
  check_options(options);
  nn::Graph fitted = nn::without_layers(graph);
  std::vector<std::size_t> place(graph.nodes.size(), 0);
  if (report != nullptr) report->layers.clear();
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const nn::Node& node = graph.nodes[i];
    std::vector<std::size_t> inputs;
    for (const std::size_t input : node.inputs) inputs.push_back(place[input]);
    const auto* activation = std::get_if<nn::Activation>(&node.layer);
    if (activation == nullptr) {
      place[i] = nn::add_node(fitted, node.name, node.layer, std::move(inputs));
      continue;
    }
    const NodeRange& range = ranges[node.inputs[0]];
    if (range.count == 0) throw MismatchError("layer " + node.name + " has no measured range");
    std::vector<Target> targets;
    for (std::size_t q = 0; q + 1 < range.quantiles.size(); ++q) {
      const double x = (range.quantiles[q] + range.quantiles[q + 1]) / 2;
      targets.push_back({x, nn::activate(*activation, x)});
    }
    FittedLayer layer;
    if (is_composite(*activation, options)) {
      const CompositeSign sign = composite_relu(options.relu_bits);
      layer = composite_layer(node, *activation, {seen_range(range, options.tail)}, {targets}, sign, options);
      place[i] = append_composite(fitted, *activation, layer, sign, inputs[0]);
    } else {
      auto [polynomial, fit] = fit_layer(node, *activation, seen_range(range, options.tail), targets, options);
      layer = std::move(polynomial);
      place[i] = append_fit(fitted, node.name, {fit}, inputs[0]);
    }
    layer.input = inputs[0];
    if (report != nullptr) report->layers.push_back(std::move(layer));
  }
  return fitted;
}

bool needs_fitting(const nn::Graph& graph) {
  return std::ranges::any_of(graph.nodes,
                             [](const nn::Node& node) { return std::holds_alternative<nn::Activation>(node.layer); });
}

std::size_t out_of_range(const nn::Graph& fitted, const FitReport& report, std::span<const float> image) {
  const auto values = nn::run_reference_layers(fitted, image);
  std::size_t outside = 0;
  for (const FittedLayer& layer : report.layers) {
    const std::vector<double>& inputs = values.at(layer.input);
    const std::size_t plane = inputs.size() / std::max<std::size_t>(1, layer.channels.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Range& range = layer.channels.empty() ? layer.fitted : layer.channels[i / plane];
      outside += range.contains(inputs[i]) ? 0 : 1;
    }
  }
  return outside;
}

std::size_t out_of_range(const nn::Graph& graph, const std::vector<NodeRange>& ranges, std::span<const float> image,
                         double margin) {
  check(graph, ranges);
  const auto values = nn::run_reference_layers(graph, image);
  std::size_t outside = 0;
  for (const nn::Node& node : graph.nodes) {
    if (!std::holds_alternative<nn::Activation>(node.layer)) continue;
    const NodeRange& range = ranges[node.inputs[0]];
    outside += count_outside(values[node.inputs[0]], widened({range.low, range.high}, margin));
  }
  return outside;
}

}  // namespace obscura::compile
