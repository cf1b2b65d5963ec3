#include "compile/approximate_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"

namespace obscura::compile {
namespace {

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
Approximation smallest_fit(const Function& f, const Range& range, double wanted, const FitOptions& options) {
  std::size_t low = 1, high = 1;  // the answer lies in [low, high]
  Approximation best = fit_minimax(f, range, high);
  while (best.max_error > wanted && high < options.max_degree) {
    low = high + 1;
    high = std::min(2 * high + 1, options.max_degree);
    best = fit_minimax(f, range, high);
  }
  // A quadratic is worth looking for: it folds into its neighbours and costs one level.
  if (options.whole_levels && high > 3) return best;
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

double rms_error(const Approximation& fit, const std::vector<Target>& targets) {
  double sum = 0;
  std::size_t count = 0;
  for (const Target& target : targets) {
    if (!fit.range.contains(target.x)) continue;
    sum += std::pow(fit(target.x) - target.y, 2);
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count));
}

/// Up to degree 2 in powers of x: t = (x - m) / h in c0 + c1 t + c2 (2 t^2 - 1). In single precision, as files hold
/// such: what is fitted here is what is read from them.
std::vector<double> in_powers(const Approximation& fit) {
  const double m = fit.range.middle(), h = fit.range.width() / 2;
  const double c1 = fit.coefficients[1], c2 = fit.degree() == 2 ? fit.coefficients[2] : 0.0;
  const auto single = [](double v) { return static_cast<double>(static_cast<float>(v)); };
  std::vector<double> row{single(fit.coefficients[0] - c2 - c1 * m / h + 2 * c2 * m * m / (h * h)),
                          single(c1 / h - 4 * c2 * m / (h * h))};
  if (fit.degree() == 2) row.push_back(single(2 * c2 / (h * h)));
  return row;
}

}  // namespace

void check_options(const FitOptions& options) {
  const bool degrees = options.max_degree >= 2 && options.max_degree <= kMaxFittedDegree;
  if (!degrees || !(options.margin >= 1) || !(options.channel_margin >= 1) ||
      !(options.tail >= 0 && options.tail < 0.5) || !(options.relative_error > 0)) {
    throw ParameterError("activations are fitted with a degree from 2 to " + std::to_string(kMaxFittedDegree) +
                         ", margins of at least 1, a tail below 0.5 and an error above 0");
  }
}

Range widened(const Range& range, double margin) {
  // A layer that gave one value only still needs a range to fit on.
  const double least = 1e-3 * std::max(1.0, std::abs(range.middle()));
  const double half = std::max(range.width() / 2 * margin, least);
  return {range.middle() - half, range.middle() + half};
}

std::pair<FittedLayer, Approximation> fit_layer(const nn::Node& node, const nn::Activation& activation,
                                                const Range& seen, const std::vector<Target>& targets,
                                                const FitOptions& options) {
  const Function f = [&](double x) { return nn::activate(activation, x); };
  const Range fitted = widened(seen, options.margin);
  const double wanted = options.relative_error * span_of(f, fitted);
  Approximation fit = smallest_fit(f, fitted, wanted, options);
  FittedLayer layer;
  layer.name = node.name;
  layer.function = nn::activation_name(activation);
  layer.seen = seen;
  layer.fitted = fitted;
  layer.degree = fit.degree();
  layer.reached = fit.max_error <= wanted;
  if (options.method == FitOptions::Method::least_squares) {
    fit = fit_least_squares(f, fitted, fit.degree(), targets);
  }
  layer.max_error = fit.max_error;
  layer.rms_error = rms_error(fit, targets);
  return {std::move(layer), std::move(fit)};
}

std::vector<Approximation> fit_channels(const nn::Activation& activation, const std::vector<Range>& seen,
                                        const std::vector<std::vector<Target>>& targets, const FitOptions& options,
                                        FittedLayer& layer) {
  constexpr double kLeastShare = 0.25;
  const Function f = [&](double x) { return nn::activate(activation, x); };
  std::vector<Approximation> fits;
  double squares = 0;
  layer.max_error = 0;
  for (std::size_t c = 0; c < seen.size(); ++c) {
    Range range = widened(seen[c], options.channel_margin);
    const double half = std::max(range.width(), kLeastShare * layer.fitted.width()) / 2;
    range = {range.middle() - half, range.middle() + half};
    const bool minimax = options.method == FitOptions::Method::minimax;
    fits.push_back(minimax ? fit_minimax(f, range, layer.degree)
                           : fit_least_squares(f, range, layer.degree, targets[c]));
    layer.channels.push_back(range);
    layer.max_error = std::max(layer.max_error, fits.back().max_error);
    squares += std::pow(rms_error(fits.back(), targets[c]), 2);
  }
  layer.rms_error = std::sqrt(squares / static_cast<double>(seen.size()));
  return fits;
}

std::size_t append_fit(nn::Graph& graph, const std::string& name, const std::vector<Approximation>& fits,
                       std::size_t input) {
  nn::Polynomial polynomial;
  if (fits[0].degree() <= 2) {
    for (const Approximation& fit : fits) polynomial.coefficients.push_back(in_powers(fit));
    return nn::add_node(graph, name, std::move(polynomial), {input});
  }
  nn::BatchNorm norm;
  for (std::size_t c = 0; c < graph.nodes[input].shape.channels; ++c) {
    const Range& range = fits[fits.size() == 1 ? 0 : c].range;
    norm.scale.push_back(static_cast<float>(2 / range.width()));
    norm.shift.push_back(static_cast<float>(-2 * range.middle() / range.width()));
  }
  polynomial.basis = nn::Polynomial::Basis::chebyshev;
  for (const Approximation& fit : fits) {
    polynomial.coefficients.emplace_back(fit.coefficients.begin(), fit.coefficients.end());
  }
  const std::size_t scaled = nn::add_node(graph, name + "_range", std::move(norm), {input});
  return nn::add_node(graph, name, std::move(polynomial), {scaled});
}

}  // namespace obscura::compile
