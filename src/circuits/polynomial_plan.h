#pragma once

#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "circuits/polynomial.h"

namespace obscura::circuits {

struct PolynomialProduct;

/// One sum of the evaluation tree: terms c_i x^i and products x^m * child, all at depth `depth` (limbs below x), and
/// one rescaling behind the sum. x^k stands for T_k in the Chebyshev basis. A child is a sum one level above.
struct PolynomialNode {
  std::size_t depth = 0;
  std::vector<std::pair<std::size_t, Coefficient>> terms;
  std::vector<PolynomialProduct> products;
};

/// x^power * child.
struct PolynomialProduct {
  std::size_t power = 0;
  PolynomialNode child;
};

/// Depth of x^i: ceil(log2 i), 0 for i < 2.
std::size_t power_depth(std::size_t i);

/// x^i = x^a x^b, both at a depth less than that of x^i (i >= 2), a >= b.
std::pair<std::size_t, std::size_t> power_split(std::size_t i);

/// Whether every value of a coefficient is zero.
bool is_zero(const Coefficient& c);

/// The tree with the fewest relinearisations, over all numbers of powers computed ahead. The result of its root,
/// rescaled, is at polynomial_depth(coefficients.size() - 1).
PolynomialNode plan_polynomial(const std::vector<Coefficient>& coefficients, Basis basis);

/// The powers that a tree uses and those that they are made of, x itself aside.
std::set<std::size_t> needed_powers(const PolynomialNode& root, Basis basis);

}  // namespace obscura::circuits
