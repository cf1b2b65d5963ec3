#include "audit/algebra/quadratic_form.h"

#include <cmath>

#include "audit/algebra/lattice.h"

namespace obscura::audit {
namespace {

constexpr double kHeldUp = 1e-12;

Matrix held_up(Matrix form) {
  const double least = kHeldUp * std::max(form.trace(), 1e-300);
  form.diagonal().array() += least;
  return form;
}

}  // namespace

QuadraticForm::QuadraticForm(const Matrix& form) : form_(held_up(form)) {
  // Row i of the Cholesky factor has the lengths and angles of the i-th unit vector.
  const Matrix lower = form_.llt().matrixL();
  const double shortest = 0.5 * lower.diagonal().minCoeff();
  basis_ = Matrix::Identity(form.rows(), form.cols());
  if (const auto reduced = reduced_basis(lower, shortest)) {
    const Matrix whole = *reduced * lower.inverse();
    basis_ = whole.unaryExpr([](double v) { return std::nearbyint(v); });
  }
  orthogonal_ = Matrix(form.rows(), form.cols());
  Matrix rest = basis_;
  for (Eigen::Index i = 0; i < rest.rows(); ++i) {
    for (Eigen::Index j = 0; j < i; ++j) rest.row(i) -= orthogonal_.row(j).dot(basis_.row(i)) * rest.row(j);
    const Vector functional = form_ * rest.row(i).transpose();
    orthogonal_.row(i) = functional.transpose() / rest.row(i).dot(functional);
  }
}

Vector QuadraticForm::nearest(const Vector& target) const {
  Vector left = target;
  for (Eigen::Index i = basis_.rows(); i-- > 0;) {
    left -= std::nearbyint(orthogonal_.row(i).dot(left)) * basis_.row(i).transpose();
  }
  return (target - left).unaryExpr([](double v) { return std::nearbyint(v); });
}

}  // namespace obscura::audit
