#include "compile/approximate.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "nn/reference.h"

namespace obscura::compile {
namespace {

Range widened(const Range& range, double margin) {
  // A layer that gave one value only still needs a range to fit on.
  const double least = 1e-3 * std::max(1.0, std::abs(range.middle()));
  const double half = std::max(range.width() / 2 * margin, least);
  return {range.middle() - half, range.middle() + half};
}

Range seen_range(const NodeRange& node, double tail) {
  if (tail <= 0) return {node.low, node.high};
  const auto last = static_cast<double>(node.quantiles.size() - 1);
  return {node.quantiles[static_cast<std::size_t>(tail * last)],
          node.quantiles[static_cast<std::size_t>(std::ceil((1 - tail) * last))]};
}

/// The largest minus the smallest value of the function on the range.
double span_of(const Function& f, const Range& range) {
  constexpr int kSteps = 512;
  double low = f(range.low), high = low;
  for (int i = 1; i <= kSteps; ++i) {
    const double y = f(range.low + range.width() * i / kSteps);
    low = std::min(low, y);
    high = std::max(high, y);
  }
  return high - low;
}

/// The smallest degree that is good enough, else the largest: by degrees of whole levels, then by halves between two,
/// for the error never grows with the degree.
Approximation smallest_fit(const Function& f, const Range& range, double wanted, std::size_t max_degree) {
  std::size_t low = 1, high = 1;  // the answer lies in [low, high]
  Approximation best = fit_minimax(f, range, high);
  while (best.max_error > wanted && high < max_degree) {
    low = high + 1;
    high = std::min(2 * high + 1, max_degree);
    best = fit_minimax(f, range, high);
  }
  while (low < high && best.max_error <= wanted) {
    const std::size_t middle = (low + high) / 2;
    Approximation fit = fit_minimax(f, range, middle);
    if (fit.max_error <= wanted) {
      high = middle;
      best = std::move(fit);
    } else {
      low = middle + 1;
    }
  }
  return best;
}

std::vector<WeightedPoint> seen_points(const NodeRange& node) {
  std::vector<WeightedPoint> points;
  for (std::size_t i = 0; i + 1 < node.quantiles.size(); ++i) {
    points.push_back({(node.quantiles[i] + node.quantiles[i + 1]) / 2, 1});
  }
  return points;
}

double rms_error(const Function& f, const Approximation& fit, const NodeRange& node) {
  double sum = 0;
  std::size_t count = 0;
  for (const auto& point : seen_points(node)) {
    if (!fit.range.contains(point.x)) continue;
    sum += std::pow(fit(point.x) - f(point.x), 2);
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count));
}

/// Up to degree 2 in powers of x: t = (x - m) / h in c0 + c1 t + c2 (2 t^2 - 1).
nn::Polynomial in_powers(const Approximation& fit) {
  const double m = fit.range.middle(), h = fit.range.width() / 2;
  const double c1 = fit.coefficients[1], c2 = fit.degree() == 2 ? fit.coefficients[2] : 0.0;
  std::vector<float> row{static_cast<float>(fit.coefficients[0] - c2 - c1 * m / h + 2 * c2 * m * m / (h * h)),
                         static_cast<float>(c1 / h - 4 * c2 * m / (h * h))};
  if (fit.degree() == 2) row.push_back(static_cast<float>(2 * c2 / (h * h)));
  return {{row}};
}

/// Appends the polynomial; returns its node.
std::size_t append(nn::Graph& graph, const std::string& name, const Approximation& fit, std::size_t input) {
  if (fit.degree() <= 2) return nn::add_node(graph, name, in_powers(fit), {input});
  const std::size_t channels = graph.nodes[input].shape.channels;
  const double half = fit.range.width() / 2;
  const nn::BatchNorm norm{std::vector(channels, static_cast<float>(1 / half)),
                           std::vector(channels, static_cast<float>(-fit.range.middle() / half))};
  const std::size_t scaled = nn::add_node(graph, name + "_range", norm, {input});
  const std::vector<float> row(fit.coefficients.begin(), fit.coefficients.end());
  return nn::add_node(graph, name, nn::Polynomial{{row}, nn::Polynomial::Basis::chebyshev}, {scaled});
}

void check(const nn::Graph& graph, const std::vector<NodeRange>& ranges) {
  if (ranges.size() != graph.nodes.size()) {
    throw MismatchError("ranges of " + std::to_string(ranges.size()) + " layers do not belong to a network of " +
                        std::to_string(graph.nodes.size()));
  }
}

void check(const FitOptions& options) {
  const bool degrees = options.max_degree >= 2 && options.max_degree <= kMaxFittedDegree;
  if (!degrees || !(options.margin >= 1) || !(options.tail >= 0 && options.tail < 0.5) ||
      !(options.relative_error > 0)) {
    throw ParameterError("activations are fitted with a degree from 2 to " + std::to_string(kMaxFittedDegree) +
                         ", a margin of at least 1, a tail below 0.5 and an error above 0");
  }
}

FittedLayer fit_layer(const nn::Node& node, const nn::Activation& activation, const NodeRange& range,
                      const FitOptions& options, Approximation& fit) {
  if (range.count == 0) throw MismatchError("layer " + node.name + " has no measured range");
  const Function f = [&](double x) { return nn::activate(activation, x); };
  const Range seen = seen_range(range, options.tail);
  const Range fitted = widened(seen, options.margin);
  const double wanted = options.relative_error * span_of(f, fitted);
  fit = smallest_fit(f, fitted, wanted, options.max_degree);
  const bool reached = fit.max_error <= wanted;
  if (options.method == FitOptions::Method::least_squares) {
    fit = fit_least_squares(f, fitted, fit.degree(), seen_points(range));
  }
  return {node.name,     nn::activation_name(activation), 0,      seen, fitted, fit.degree(),
          fit.max_error, rms_error(f, fit, range),        reached};
}

std::size_t count_outside(const std::vector<double>& values, const Range& range) {
  return static_cast<std::size_t>(std::ranges::count_if(values, [&](double v) { return !range.contains(v); }));
}

}  // namespace

std::size_t FittedLayer::levels() const {
  return std::bit_width(degree);
}

std::string FitReport::text() const {
  if (layers.empty()) return "";
  std::string table = fmt::format("{:<24} {:<12} {:>21} {:>21} {:>6} {:>6} {:>10} {:>10}\n", "layer", "function",
                                  "seen", "fitted", "degree", "levels", "max error", "rms error");
  for (const FittedLayer& layer : layers) {
    const auto interval = [](const Range& r) { return fmt::format("[{:.4g}, {:.4g}]", r.low, r.high); };
    table += fmt::format("{:<24} {:<12} {:>21} {:>21} {:>6} {:>6} {:>10.2e} {:>10.2e}{}\n", layer.name, layer.function,
                         interval(layer.seen), interval(layer.fitted), layer.degree, layer.levels(), layer.max_error,
                         layer.rms_error, layer.reached ? "" : "  (not what was wanted: the degree is limited)");
  }
  return table;
}

nn::Graph fit_activations(const nn::Graph& graph, const std::vector<NodeRange>& ranges, const FitOptions& options,
                          FitReport* report) {
  check(graph, ranges);
  check(options);
  nn::Graph fitted{graph.name, {graph.nodes.front()}, graph.preprocessing, graph.notes};
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
    Approximation fit;
    FittedLayer layer = fit_layer(node, *activation, ranges[node.inputs[0]], options, fit);
    layer.input = inputs[0];
    place[i] = append(fitted, node.name, fit, inputs[0]);
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
  for (const FittedLayer& layer : report.layers) outside += count_outside(values.at(layer.input), layer.fitted);
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
