#include "compile/gate_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "circuits/linear_plan.h"
#include "circuits/polynomial_plan.h"

namespace obscura::compile {
namespace {

using Rows = std::vector<std::vector<double>>;

/// Of one polynomial at one place.
struct Tangent {
  double value = 0, slope = 0;
};

/// Powers, or T_{k+1} = 2 x T_k - T_{k-1}, with their derivatives.
Tangent tangent(const std::vector<double>& row, circuits::Basis basis, double x) {
  const bool chebyshev = basis == circuits::Basis::chebyshev;
  Tangent before{1, 0}, now{x, 1}, sum{row[0], 0};
  for (std::size_t k = 1; k < row.size(); ++k) {
    sum.value += row[k] * now.value;
    sum.slope += row[k] * now.slope;
    Tangent next{x * now.value, now.value + x * now.slope};
    if (chebyshev) next = {2 * next.value - before.value, 2 * next.slope - before.slope};
    before = std::exchange(now, next);
  }
  return sum;
}

void see(const program::Stage& stage, double x, std::vector<double>& most) {
  std::vector<double> slopes;
  double gate = x;
  for (const auto& row : stage.coefficients) {
    const Tangent t = tangent(row, stage.basis, gate);
    gate = t.value;
    slopes.push_back(t.slope);
  }
  double behind = x;  // of an error of what the polynomials so far make, from the last to the first
  for (std::size_t i = slopes.size(); i-- > 0;) {
    most[i + 1] = std::max(most[i + 1], std::abs(behind));
    behind *= slopes[i];
  }
  most[0] = std::max(most[0], std::abs(gate + behind));
}

std::size_t relinearisations(const circuits::PolynomialNode& node) {
  std::size_t count = node.products.empty() ? 0 : 1;
  for (const auto& [power, child] : node.products) count += relinearisations(child);
  return count;
}

std::size_t products_of(const std::vector<double>& row, circuits::Basis basis) {
  const std::vector<circuits::Coefficient> coefficients(row.begin(), row.end());
  const auto plan = circuits::plan_polynomial(coefficients, basis);
  return circuits::needed_powers(plan, basis).size() + relinearisations(plan);
}

}  // namespace

std::vector<double> gate_slopes(const program::Stage& stage, double most) {
  constexpr int kPlaces = 2000;
  constexpr double kOctaves = 24;
  std::vector<double> slopes(stage.coefficients.size() + 1, 0);
  for (int i = 0; i <= kPlaces; ++i) {
    const double x = most * std::exp2(-kOctaves * i / kPlaces);
    see(stage, x, slopes);
    see(stage, -x, slopes);
  }
  return slopes;
}

std::size_t gate_products(const Rows& polynomials, circuits::Basis basis) {
  std::size_t count = 1;
  for (const auto& row : polynomials) count += products_of(row, basis);
  return count;
}

double gate_cost(const program::Stage& stage, const ckks::Context& context, const program::StageSchedule& schedule) {
  double cost = 0;
  std::size_t limbs = schedule.activation_limbs;
  const auto add = [&](double count, std::size_t at) {
    const auto step = circuits::step_costs(context, std::max<std::size_t>(at, 1));
    cost += count * (step.decompose + step.inner_product + 2 * step.mod_down);
  };
  for (const auto& row : stage.coefficients) {
    const std::size_t depth = circuits::polynomial_depth(row.size() - 1);
    add(static_cast<double>(products_of(row, stage.basis)), limbs - std::min(limbs, depth / 2));
    limbs -= std::min(limbs, depth);
  }
  add(1, limbs);
  return cost;
}

}  // namespace obscura::compile
