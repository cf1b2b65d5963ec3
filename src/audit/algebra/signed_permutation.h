#pragma once

#include <cstddef>
#include <vector>

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

using MatrixF = Eigen::MatrixXf;
using VectorF = Eigen::VectorXf;

/// Where each plain number of a block stands in the protected block, and whether it was turned around there. As a
/// matrix Q, Q(i, place[i]) = sign[i].
struct SignedPermutation {
  std::vector<std::size_t> place;
  std::vector<float> sign;

  static SignedPermutation identity(std::size_t size);
  /// m Q, or m |Q| without the signs.
  MatrixF columns(const MatrixF& m, bool with_signs = true) const;
  friend bool operator==(const SignedPermutation&, const SignedPermutation&) = default;
};

/// The one that gains most: a plain number i in place j gains odd(i, j) times its sign, and even(i, j) in either.
SignedPermutation best_signed_permutation(const MatrixF& odd, const MatrixF& even);

/// The permutation for rows of two tables that should agree: least sum of absolute differences. All signs are +1.
SignedPermutation match_rows(const MatrixF& plain, const MatrixF& hidden);

/// Every row sorted.
MatrixF sorted_rows(MatrixF m);
/// Tables side by side, with equally many rows.
MatrixF beside(const std::vector<MatrixF>& tables);

}  // namespace obscura::audit
