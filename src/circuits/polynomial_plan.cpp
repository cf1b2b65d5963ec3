#include "circuits/polynomial_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace obscura::circuits {
namespace {

using Coefficients = std::vector<Coefficient>;

// Cost of the operations in relinearisations; only the order of magnitude matters.
constexpr double kProduct = 0.1, kRescaling = 0.3;

/// a + factor b, slot by slot if either is.
Coefficient combine(const Coefficient& a, double factor, const Coefficient& b) {
  const auto* va = std::get_if<std::vector<double>>(&a);
  const auto* vb = std::get_if<std::vector<double>>(&b);
  if (va == nullptr && vb == nullptr) return std::get<double>(a) + factor * std::get<double>(b);
  std::vector<double> sum(va != nullptr ? va->size() : vb->size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] =
        (va != nullptr ? (*va)[i] : std::get<double>(a)) + factor * (vb != nullptr ? (*vb)[i] : std::get<double>(b));
  }
  return sum;
}

void trim(Coefficients& p) {
  while (!p.empty() && is_zero(p.back())) p.pop_back();
}

/// p = x^m quotient + remainder for m <= degree < 2 m; the remainder replaces p.
Coefficients divide(Coefficients& p, std::size_t m, Basis basis) {
  Coefficients quotient(p.begin() + static_cast<std::ptrdiff_t>(m), p.end());
  p.resize(m);
  if (basis == Basis::chebyshev) {
    // T_(m+j) = 2 T_m T_j - T_(m-j)
    for (std::size_t j = 1; j < quotient.size(); ++j) {
      p[m - j] = combine(p[m - j], -1, quotient[j]);
      quotient[j] = combine(quotient[j], 1, quotient[j]);
    }
  }
  trim(p);
  return quotient;
}

/// A polynomial of degree < 2^(depth + 1) as one sum at this depth. Terms use powers up to `babies` and powers of two.
PolynomialNode make_node(Coefficients p, std::size_t depth, std::size_t babies, Basis basis) {
  PolynomialNode node;
  node.depth = depth;
  trim(p);
  while (p.size() > 1 + std::min(babies, std::size_t{1} << depth)) {
    const std::size_t m = std::bit_floor(p.size() - 1);
    Coefficients quotient = divide(p, m, basis);
    if (quotient.size() == 1) {
      node.terms.emplace_back(m, std::move(quotient[0]));
    } else {
      node.products.push_back({m, make_node(std::move(quotient), depth - 1, babies, basis)});
    }
  }
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!is_zero(p[i])) node.terms.emplace_back(i, std::move(p[i]));
  }
  return node;
}

double cost_of(const PolynomialNode& node) {
  double cost = kRescaling + (node.products.empty() ? 0 : 1);
  for (const auto& [m, child] : node.products) cost += kProduct + cost_of(child);
  return cost;
}

void collect(const PolynomialNode& node, std::set<std::size_t>& powers) {
  for (const auto& [i, c] : node.terms) powers.insert(i);
  for (const auto& [m, child] : node.products) {
    powers.insert(m);
    collect(child, powers);
  }
}

}  // namespace

std::size_t power_depth(std::size_t i) {
  return i < 2 ? 0 : static_cast<std::size_t>(std::bit_width(i - 1));
}

std::pair<std::size_t, std::size_t> power_split(std::size_t i) {
  const std::size_t a = std::size_t{1} << (power_depth(i) - 1);
  return {a, i - a};
}

bool is_zero(const Coefficient& c) {
  if (const double* value = std::get_if<double>(&c)) return *value == 0;
  const auto& values = std::get<std::vector<double>>(c);
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

std::set<std::size_t> needed_powers(const PolynomialNode& root, Basis basis) {
  std::set<std::size_t> powers;
  collect(root, powers);
  // From the top down: the parts of a power are smaller than it.
  for (std::size_t i = powers.empty() ? 0 : *powers.rbegin(); i >= 2; --i) {
    if (!powers.contains(i)) continue;
    const auto [a, b] = power_split(i);
    powers.insert({a, b});
    if (basis == Basis::chebyshev) powers.insert(a - b);
  }
  powers.erase(0);
  powers.erase(1);
  return powers;
}

PolynomialNode plan_polynomial(const std::vector<Coefficient>& coefficients, Basis basis) {
  const std::size_t degree = coefficients.size() - 1;
  PolynomialNode best;
  double least = INFINITY;
  for (std::size_t babies = 1; babies <= std::max<std::size_t>(degree, 1); ++babies) {
    PolynomialNode node =
        make_node(coefficients, polynomial_depth(std::max<std::size_t>(degree, 1)) - 1, babies, basis);
    const double cost =
        cost_of(node) + static_cast<double>(needed_powers(node, basis).size()) * (1 + kProduct + kRescaling);
    if (cost < least) least = cost, best = std::move(node);
  }
  return best;
}

}  // namespace obscura::circuits
