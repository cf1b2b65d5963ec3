#pragma once

#include <cstdint>
#include <vector>

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Matrices and vectors that one orthogonal R takes from one side to the other: to = R^T from R, and row vectors
/// to = from R.
struct OrthogonalProblem {
  std::vector<Matrix> from;
  std::vector<Matrix> to;
  Matrix from_rows;  ///< vectors, one a row, already weighted
  Matrix to_rows;
};

struct OrthogonalMatch {
  Matrix rotation;
  double residual = 0;  ///< sum of |R^T from R - to|^2 over sum of |to|^2 + |from|^2, halved: 0 perfect, near 1 none
};

/// Random weighted sums of the matrices, made symmetric, are diagonalised on both sides, which gives R up to signs; the
/// signs come from the leading eigenvector of how well the off-diagonal entries agree. The best few are refined by
/// alternating projections (polar decomposition of the gradient). Sides of equal size; deterministic for a seed.
OrthogonalMatch match_orthogonal(const OrthogonalProblem& problem, std::uint64_t seed);

/// Only the last step, from a rotation that is nearly right.
OrthogonalMatch refine_orthogonal(const OrthogonalProblem& problem, const Matrix& rotation);

}  // namespace obscura::audit
