#pragma once

// Internal to src/nn.
#include <cstddef>
#include <vector>

namespace obscura::nn {

/// A polynomial in one tensor, element by element: sum_i rows[c][i] x^i for channel c, or one row for all channels.
/// Where a file computes in double precision the rows count Chebyshev polynomials T_i(x), which sums do not care about.
/// What chains of Mul, Add, Sub, Div, Pow and Neg in a file amount to, however they are spelled. A regular type.
class Expression {
 public:
  /// The tensor itself.
  Expression() : rows_{{0.0, 1.0}} {}
  /// A value a channel, or one for all.
  static Expression constant(const std::vector<float>& values);
  static Expression constant(const std::vector<double>& values);
  static Expression constant(double value) { return Expression(Rows{{value}}); }

  const std::vector<std::vector<double>>& rows() const { return rows_; }
  std::size_t degree() const { return rows_[0].size() - 1; }
  bool is_identity() const;
  /// One row, equal to these coefficients up to `tolerance` times the largest of them.
  bool is_close_to(const std::vector<double>& row, double tolerance) const;
  friend bool operator==(const Expression&, const Expression&) = default;
  /// Exactly x * x in every channel: in powers, and in Chebyshev polynomials.
  bool is_square() const;
  bool is_chebyshev_square() const;
  /// a x + b with a = 1 in every channel: an addition of constants.
  bool is_shift() const;

  /// Throw FormatError if the result has more than kMaxCoefficients coefficients; the row counts must agree or be 1.
  friend Expression operator+(const Expression& a, const Expression& b);
  friend Expression operator*(const Expression& a, const Expression& b);
  /// The product where rows count Chebyshev polynomials T_i instead of powers: T_m T_n = (T_{m+n} + T_{|m-n|}) / 2.
  friend Expression chebyshev_product(const Expression& a, const Expression& b);
  Expression negated() const;
  /// The terms of degree `first` and above.
  Expression from_degree(std::size_t first) const;
  /// 1 / value for a constant. Throws FormatError for zero.
  Expression reciprocal() const;
  Expression power(std::size_t exponent) const;

 private:
  using Rows = std::vector<std::vector<double>>;
  explicit Expression(Rows rows) : rows_(std::move(rows)) {}
  void trim();
  std::vector<std::vector<double>> rows_;
};

/// Bounds the memory that a small file can ask for.
inline constexpr std::size_t kMaxCoefficients = std::size_t{1} << 22;

}  // namespace obscura::nn
