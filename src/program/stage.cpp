#include "program/stage.h"

#include <algorithm>
#include <utility>

namespace obscura::program {
namespace {

/// Horner's rule, or Clenshaw's recurrence.
double polynomial_at(const std::vector<double>& row, circuits::Basis basis, double x) {
  if (basis == circuits::Basis::monomial) {
    double y = 0;
    for (auto it = row.rbegin(); it != row.rend(); ++it) y = y * x + *it;
    return y;
  }
  double a = 0, b = 0;
  for (std::size_t k = row.size(); k-- > 1;) a = std::exchange(b, row[k] + 2 * x * b - a);
  return row[0] + x * b - a;
}

}  // namespace

std::vector<double> Stage::bias() const {
  std::vector<double> sum(terms.front().map.bias);
  for (std::size_t k = 1; k < terms.size(); ++k) {
    for (std::size_t r = 0; r < sum.size(); ++r) sum[r] += terms[k].map.bias[r];
  }
  return sum;
}

double Stage::largest() const {
  double most = 0;
  for (const Term& term : terms) most = std::max(most, term.map.largest());
  return most;
}

std::size_t activation_depth(const Stage& stage) {
  const bool gated = stage.activation == Stage::Activation::gated;
  if (!gated && stage.activation != Stage::Activation::polynomial) return 0;
  std::size_t largest = circuits::polynomial_depth(1), sum = 1;  // the product
  for (const auto& row : stage.coefficients) {
    const std::size_t depth = circuits::polynomial_depth(row.size() - 1);
    largest = std::max(largest, depth);
    sum += depth;
  }
  return gated ? sum : largest;
}

void apply_activation(const Stage& stage, std::vector<double>& x) {
  const std::size_t plane = stage.output.height * stage.output.width;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (stage.activation == Stage::Activation::square) x[i] *= x[i];
    if (stage.activation == Stage::Activation::polynomial) {
      const auto& row = stage.coefficients[stage.coefficients.size() == 1 ? 0 : i / plane];
      x[i] = polynomial_at(row, stage.basis, x[i]);
    }
    if (stage.activation == Stage::Activation::gated) {
      double gate = x[i];
      for (const auto& row : stage.coefficients) gate = polynomial_at(row, stage.basis, gate);
      x[i] *= gate;
    }
  }
}

std::vector<double> run_stage(const Stage& stage, const std::vector<std::vector<double>>& values,
                              std::vector<double>* before_activation) {
  std::vector<double> x = stage.terms.front().map.apply(values[stage.terms.front().value]);
  for (std::size_t k = 1; k < stage.terms.size(); ++k) {
    const auto more = stage.terms[k].map.apply(values[stage.terms[k].value]);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += more[i];
  }
  if (before_activation != nullptr) *before_activation = x;
  apply_activation(stage, x);
  return x;
}

std::vector<double> run_stages(const std::vector<Stage>& stages, std::vector<double> x) {
  std::vector<std::vector<double>> values{std::move(x)};
  for (const Stage& stage : stages) values.push_back(run_stage(stage, values));
  return values.back();
}

std::vector<std::size_t> last_uses(std::span<const Stage> stages) {
  std::vector<std::size_t> last(stages.size() + 1, stages.size());
  for (std::size_t i = 0; i < stages.size(); ++i) {
    for (const Term& term : stages[i].terms) last[term.value] = i;
  }
  return last;
}

}  // namespace obscura::program
