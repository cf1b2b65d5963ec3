#include "nn/graph.h"

namespace obscura::nn {
namespace {

/// Powers of x in sum_i c_i T_i(x), by T_{i+1} = 2 x T_i - T_{i-1}.
std::vector<double> powers_of_chebyshev(const std::vector<double>& row) {
  std::vector<double> before(row.size(), 0), now(row.size(), 0), sum(row.size(), 0);
  now[0] = 1;  // T_0, and x = T_{-1} before it
  if (row.size() > 1) before[1] = 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    for (std::size_t p = 0; p <= i; ++p) sum[p] += row[i] * now[p];
    std::vector<double> next(row.size(), 0);
    for (std::size_t p = 0; p < row.size(); ++p) next[p] = (p > 0 ? 2 * now[p - 1] : 0.0) - before[p];
    before = std::move(now);
    now = std::move(next);
  }
  return sum;
}

}  // namespace

std::vector<std::vector<double>> monomial_coefficients(const Polynomial& polynomial) {
  std::vector<std::vector<double>> rows;
  for (const auto& row : polynomial.coefficients) {
    const bool chebyshev = polynomial.basis == Polynomial::Basis::chebyshev;
    rows.push_back(chebyshev ? powers_of_chebyshev(row) : row);
  }
  return rows;
}

double evaluate_row(const Polynomial& polynomial, std::size_t row, double x) {
  const auto& c = polynomial.coefficients[row];
  if (polynomial.basis == Polynomial::Basis::monomial) {
    double sum = 0;
    for (std::size_t i = c.size(); i-- > 0;) sum = sum * x + c[i];
    return sum;
  }
  double one = 0, two = 0;  // b_{i+1} and b_{i+2} of Clenshaw, 1955
  for (std::size_t i = c.size(); i-- > 1;) {
    const double b = 2 * x * one - two + c[i];
    two = one;
    one = b;
  }
  return x * one - two + c[0];
}

}  // namespace obscura::nn
