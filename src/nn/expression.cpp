#include "nn/expression.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::nn {
namespace {

/// Rows of the result of combining two; checks its size first.
std::size_t joint_rows(std::size_t a, std::size_t b, std::size_t terms) {
  if (a != b && a != 1 && b != 1) throw FormatError("constants of different channel counts are combined");
  const std::size_t rows = std::max(a, b);
  if (terms > 64 || rows > kMaxCoefficients / terms) {
    throw FormatError("an activation has a polynomial of too many coefficients");
  }
  return rows;
}

const std::vector<double>& row(const std::vector<std::vector<double>>& rows, std::size_t i) {
  return rows.size() == 1 ? rows[0] : rows[i];
}

}  // namespace

Expression Expression::constant(const std::vector<float>& values) {
  std::vector<std::vector<double>> rows;
  rows.reserve(values.size());
  for (const float v : values) rows.push_back({static_cast<double>(v)});
  return Expression(std::move(rows));
}

Expression Expression::constant(const std::vector<double>& values) {
  std::vector<std::vector<double>> rows;
  rows.reserve(values.size());
  for (const double v : values) rows.push_back({v});
  return Expression(std::move(rows));
}

bool Expression::is_identity() const {
  return std::ranges::all_of(rows_, [](const auto& r) { return r == std::vector<double>{0, 1}; });
}

bool Expression::is_close_to(const std::vector<double>& wanted, double tolerance) const {
  if (rows_.size() != 1 || rows_[0].size() != wanted.size()) return false;
  double largest = 0;
  for (const double v : wanted) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!(std::abs(rows_[0][i] - wanted[i]) <= tolerance * largest)) return false;
  }
  return true;
}

bool Expression::is_square() const {
  return std::ranges::all_of(rows_, [](const auto& r) { return r == std::vector<double>{0, 0, 1}; });
}

bool Expression::is_chebyshev_square() const {
  return std::ranges::all_of(rows_, [](const auto& r) { return r == std::vector<double>{0.5, 0, 0.5}; });
}

bool Expression::is_shift() const {
  return std::ranges::all_of(rows_, [](const auto& r) { return r.size() == 2 && r[1] == 1; });
}

/// Drops leading powers that no channel has.
void Expression::trim() {
  while (rows_[0].size() > 1 && std::ranges::all_of(rows_, [](const auto& r) { return r.back() == 0; })) {
    for (auto& r : rows_) r.pop_back();
  }
}

Expression operator+(const Expression& a, const Expression& b) {
  const std::size_t terms = std::max(a.rows_[0].size(), b.rows_[0].size());
  std::vector<std::vector<double>> rows(joint_rows(a.rows_.size(), b.rows_.size(), terms));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].assign(terms, 0.0);
    for (std::size_t t = 0; t < a.rows_[0].size(); ++t) rows[i][t] += row(a.rows_, i)[t];
    for (std::size_t t = 0; t < b.rows_[0].size(); ++t) rows[i][t] += row(b.rows_, i)[t];
  }
  Expression sum(std::move(rows));
  sum.trim();
  return sum;
}

Expression operator*(const Expression& a, const Expression& b) {
  const std::size_t terms = a.degree() + b.degree() + 1;
  std::vector<std::vector<double>> rows(joint_rows(a.rows_.size(), b.rows_.size(), terms));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].assign(terms, 0.0);
    const auto& left = row(a.rows_, i);
    const auto& right = row(b.rows_, i);
    for (std::size_t s = 0; s < left.size(); ++s) {
      for (std::size_t t = 0; t < right.size(); ++t) rows[i][s + t] += left[s] * right[t];
    }
  }
  Expression product(std::move(rows));
  product.trim();
  return product;
}

Expression chebyshev_product(const Expression& a, const Expression& b) {
  if (a.degree() == 0 || b.degree() == 0) return a * b;
  const std::size_t terms = a.degree() + b.degree() + 1;
  std::vector<std::vector<double>> rows(joint_rows(a.rows_.size(), b.rows_.size(), terms));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].assign(terms, 0.0);
    const auto& left = row(a.rows_, i);
    const auto& right = row(b.rows_, i);
    for (std::size_t s = 0; s < left.size(); ++s) {
      for (std::size_t t = 0; t < right.size(); ++t) {
        const double half = left[s] * right[t] / 2;
        rows[i][s + t] += half;
        rows[i][s > t ? s - t : t - s] += half;
      }
    }
  }
  Expression product(std::move(rows));
  product.trim();
  return product;
}

Expression Expression::negated() const {
  Expression result = *this;
  for (auto& r : result.rows_) {
    for (double& v : r) v = v == 0 ? 0 : -v;
  }
  return result;
}

Expression Expression::from_degree(std::size_t first) const {
  Expression result = *this;
  for (auto& r : result.rows_) {
    for (std::size_t i = 0; i < std::min(first, r.size()); ++i) r[i] = 0;
  }
  result.trim();
  return result;
}

Expression Expression::reciprocal() const {
  Expression result = *this;
  for (auto& r : result.rows_) {
    if (r.size() != 1 || r[0] == 0) throw FormatError("a tensor is divided by zero");
    r[0] = 1 / r[0];
  }
  return result;
}

Expression Expression::power(std::size_t exponent) const {
  Expression result = *this;
  for (std::size_t i = 1; i < exponent; ++i) result = result * *this;
  return result;
}

}  // namespace obscura::nn
