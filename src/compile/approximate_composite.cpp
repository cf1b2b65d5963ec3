#include <algorithm>
#include <cmath>

#include "compile/approximate_fit.h"
#include "compile/composite_minimax.h"

namespace obscura::compile {
namespace {

/// Beyond its range a composite is off by powers of ten, and twice the range takes one bit: so it is wider than that of
/// a polynomial, and a channel's is at least this share of the largest one's.
constexpr double kMargin = 2, kLeastShare = 0.5;

double half_of(const Range& seen, double margin) {
  return std::max(std::max(std::abs(seen.low), std::abs(seen.high)) * std::max(margin, kMargin), 1e-3);
}

double gated(const std::vector<std::vector<double>>& gate, double x) {
  double g = x;
  for (const auto& polynomial : gate) g = chebyshev_at(polynomial, g);
  return x * g;
}

/// The mean square over the targets within the range.
double square_error(const std::vector<std::vector<double>>& gate, double half, const std::vector<Target>& targets) {
  double sum = 0;
  std::size_t count = 0;
  for (const Target& target : targets) {
    if (std::abs(target.x) > half) continue;
    sum += std::pow(half * gated(gate, target.x / half) - target.y, 2);
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace

bool is_composite(const nn::Activation& activation, const FitOptions& options) {
  return options.relu == FitOptions::Relu::composite && has_composite(activation);
}

FittedLayer composite_layer(const nn::Node& node, const nn::Activation& activation, const std::vector<Range>& seen,
                            const std::vector<std::vector<Target>>& targets, const CompositeSign& sign,
                            const FitOptions& options) {
  FittedLayer layer;
  layer.name = node.name;
  layer.function = nn::activation_name(activation);
  layer.seen = seen.front();
  for (const Range& r : seen) {
    layer.seen = {std::min(layer.seen.low, r.low), std::max(layer.seen.high, r.high)};
  }
  const double all = half_of(layer.seen, options.margin);
  layer.fitted = {-all, all};
  layer.composite = sign.degrees();
  layer.degree = 1;
  for (const std::size_t d : layer.composite) layer.degree *= d;
  ++layer.degree;  // the product
  const auto gate = gate_of(sign, activation);
  double squares = 0, widest = 0;
  for (std::size_t c = 0; c < seen.size(); ++c) {
    const double half = seen.size() == 1 ? all : std::max(half_of(seen[c], options.channel_margin), kLeastShare * all);
    if (seen.size() > 1) layer.channels.push_back({-half, half});
    squares += square_error(gate, half, targets[c]);
    widest = std::max(widest, half);
  }
  const double slope = activation.kind == nn::Activation::Kind::relu ? 0 : static_cast<double>(activation.alpha);
  layer.max_error = widest * sign.relu_error * std::abs(1 - slope);
  layer.rms_error = std::sqrt(squares / static_cast<double>(seen.size()));
  return layer;
}

std::size_t append_composite(nn::Graph& graph, const nn::Activation& activation, const FittedLayer& layer,
                             const CompositeSign& sign, std::size_t input) {
  const std::size_t channels = graph.nodes[input].shape.channels;
  nn::BatchNorm range, back;
  for (std::size_t c = 0; c < channels; ++c) {
    const double half = layer.channels.empty() ? layer.fitted.high : layer.channels[c].high;
    range.scale.push_back(static_cast<float>(1 / half));
    back.scale.push_back(static_cast<float>(half));
  }
  range.shift.assign(channels, 0.0F);
  back.shift.assign(channels, 0.0F);
  const std::size_t x = nn::add_node(graph, layer.name + "_range", std::move(range), {input});
  std::size_t at = x, number = 0;
  for (auto& row : gate_of(sign, activation)) {
    nn::Polynomial polynomial;
    polynomial.basis = nn::Polynomial::Basis::chebyshev;
    polynomial.coefficients.push_back(std::move(row));
    at = nn::add_node(graph, layer.name + "_sign" + std::to_string(++number), std::move(polynomial), {at});
  }
  at = nn::add_node(graph, layer.name + "_gate", nn::Product{}, {x, at});
  return nn::add_node(graph, layer.name, std::move(back), {at});
}

}  // namespace obscura::compile
