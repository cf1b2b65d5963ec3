#include "circuits/polynomial_plan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace obscura::circuits {
namespace {

std::size_t relinearisations(const PolynomialNode& node) {
  std::size_t count = node.products.empty() ? 0 : 1;
  for (const auto& [m, child] : node.products) count += relinearisations(child);
  return count;
}

std::size_t total(const std::vector<Coefficient>& p, Basis basis = Basis::monomial) {
  const PolynomialNode root = plan_polynomial(p, basis);
  return relinearisations(root) + needed_powers(root, basis).size();
}

void expect_levels(const PolynomialNode& node) {
  for (const auto& [i, c] : node.terms) EXPECT_LE(power_depth(i), node.depth);
  for (const auto& [m, child] : node.products) {
    EXPECT_LE(power_depth(m), node.depth);
    EXPECT_EQ(child.depth + 1, node.depth);
    expect_levels(child);
  }
}

std::vector<Coefficient> ones(std::size_t degree, std::size_t step = 1, std::size_t first = 0) {
  std::vector<Coefficient> p(degree + 1, 0.0);
  for (std::size_t i = first; i <= degree; i += step) p[i] = 1.0;
  return p;
}

double value(const PolynomialNode& node, double x, Basis basis) {
  const auto power = [&](std::size_t i) {
    const auto k = static_cast<double>(i);
    return basis == Basis::monomial ? std::pow(x, k) : std::cos(k * std::acos(x));
  };
  double sum = 0;
  for (const auto& [i, c] : node.terms) sum += std::get<double>(c) * power(i);
  for (const auto& [m, child] : node.products) sum += power(m) * value(child, x, basis);
  return sum;
}

TEST(PolynomialPlan, TreesKeepTheirLevelsAndTheirValue) {
  for (const Basis basis : {Basis::monomial, Basis::chebyshev}) {
    for (std::size_t degree = 1; degree <= kMaxPolynomialDegree; ++degree) {
      SCOPED_TRACE(degree);
      const PolynomialNode root = plan_polynomial(ones(degree), basis);
      EXPECT_EQ(root.depth + 1, polynomial_depth(degree));
      expect_levels(root);
      double wanted = 0;
      for (std::size_t k = 0; k <= degree; ++k) {
        const auto exponent = static_cast<double>(k);
        wanted += basis == Basis::monomial ? std::pow(0.9, exponent) : std::cos(exponent * std::acos(0.9));
      }
      EXPECT_NEAR(value(root, 0.9, basis), wanted, 1e-9);
    }
  }
}

TEST(PolynomialPlan, FewRelinearisations) {
  EXPECT_EQ(total(ones(1)), 0u);
  EXPECT_EQ(total(ones(2)), 1u);
  EXPECT_EQ(total(ones(3)), 2u);  // x^2 and (c x + d) x^2
  EXPECT_LE(total(ones(7)), 4u);
  EXPECT_LE(total(ones(15)), 7u);
  EXPECT_LE(total(ones(31)), 11u);
  EXPECT_LE(total(ones(63)), 17u);
}

TEST(PolynomialPlan, StructureIsFree) {
  EXPECT_EQ(total({0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0}), 3u);  // x^8: three squares
  EXPECT_LE(total(ones(15, 2, 1)), total(ones(15)));
  EXPECT_LT(total(ones(14, 2)), total(ones(14)));
  const auto even = needed_powers(plan_polynomial(ones(14, 2), Basis::monomial), Basis::monomial);
  for (const std::size_t i : even) EXPECT_EQ(i % 2, 0u);
}

TEST(PolynomialPlan, PowersAreMadeOfShallowerOnes) {
  for (std::size_t i = 2; i <= 64; ++i) {
    const auto [a, b] = power_split(i);
    EXPECT_EQ(a + b, i);
    EXPECT_GE(a, b);
    EXPECT_LT(power_depth(a), power_depth(i));
    EXPECT_LT(power_depth(b), power_depth(i));
  }
}

}  // namespace
}  // namespace obscura::circuits
