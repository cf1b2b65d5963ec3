#pragma once

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Whole vectors f measured by f^T Q f, for a positive definite Q. A regular type.
class QuadraticForm {
 public:
  /// Reduces Z^n in this measure (lattice.h). What Q gives hardly any length is held up by 1e-12 of its trace.
  explicit QuadraticForm(const Matrix& form);

  /// A whole vector near to a real one in this measure: nearest planes in a reduced basis (L. Babai, "On Lovasz'
  /// lattice reduction and the nearest lattice point problem", Combinatorica 6(1), 1986), which is the nearest if it
  /// lies near enough.
  Vector nearest(const Vector& target) const;

  /// Whole vectors, one a row, that span Z^n and are short in this measure.
  const Matrix& basis() const { return basis_; }

  /// The square of the length.
  double square(const Vector& v) const { return v.dot(form_ * v); }

 private:
  Matrix form_;
  Matrix basis_;
  Matrix orthogonal_;  // their Gram-Schmidt vectors, as functionals: a row times the target tells how many planes away
};

}  // namespace obscura::audit
