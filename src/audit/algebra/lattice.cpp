#include "audit/algebra/lattice.h"

#include <cmath>
#include <vector>

namespace obscura::audit {
namespace {

constexpr double kLovasz = 0.99;
constexpr int kMostSwaps = 100'000;

/// A reduced basis to which one vector after the other is added.
class Reduction {
 public:
  explicit Reduction(double least) : least_(least * least) {}

  /// False if it does not come to an end: the vectors are of no lattice.
  bool add(const Eigen::RowVectorXd& v) {
    basis_.push_back(v);
    std::size_t k = basis_.size() - 1;
    for (int swaps = 0; k < basis_.size();) {
      if (!shortened(k)) continue;
      if (k == 0 || in_order(k)) {
        ++k;
        continue;
      }
      std::swap(basis_[k], basis_[k - 1]);
      --k;
      if (++swaps > kMostSwaps) return false;
    }
    return true;
  }

  const std::vector<Eigen::RowVectorXd>& basis() const { return basis_; }

 private:
  /// Brings the parts of basis_[k] along those before it up to date; theirs are.
  void orthogonalise(std::size_t k) {
    orthogonal_.resize(basis_.size());
    share_.resize(basis_.size());
    orthogonal_[k] = basis_[k];
    share_[k].assign(k, 0);
    for (std::size_t j = 0; j < k; ++j) {
      const double norm = orthogonal_[j].squaredNorm();
      share_[k][j] = norm > 0 ? basis_[k].dot(orthogonal_[j]) / norm : 0;
      orthogonal_[k] -= share_[k][j] * orthogonal_[j];
    }
  }

  /// Takes multiples of those before from basis_[k]. False if nothing is left of it; then it is gone.
  bool shortened(std::size_t k) {
    orthogonalise(k);
    for (std::size_t j = k; j-- > 0;) {
      const double times = std::nearbyint(share_[k][j]);
      if (times == 0) continue;
      basis_[k] -= times * basis_[j];
      for (std::size_t i = 0; i < j; ++i) share_[k][i] -= times * share_[j][i];
    }
    if (basis_[k].squaredNorm() < least_) {
      basis_.erase(basis_.begin() + static_cast<std::ptrdiff_t>(k));
      return false;
    }
    orthogonalise(k);
    return true;
  }

  /// Lovasz' condition. A vector that depends on those before has no part of its own, and goes down until it is zero.
  bool in_order(std::size_t k) const {
    const double share = share_[k][k - 1];
    return orthogonal_[k].squaredNorm() >= (kLovasz - share * share) * orthogonal_[k - 1].squaredNorm();
  }

  double least_;
  std::vector<Eigen::RowVectorXd> basis_, orthogonal_;
  std::vector<std::vector<double>> share_;
};

}  // namespace

std::optional<Matrix> reduced_basis(const Matrix& points, double least) {
  Reduction reduction(least);
  for (Eigen::Index i = 0; i < points.rows(); ++i) {
    if (!reduction.add(points.row(i))) return std::nullopt;
  }
  const auto& basis = reduction.basis();
  if (basis.size() != static_cast<std::size_t>(points.cols())) return std::nullopt;
  Matrix out(points.cols(), points.cols());
  for (Eigen::Index i = 0; i < out.rows(); ++i) out.row(i) = basis[static_cast<std::size_t>(i)];
  return out;
}

}  // namespace obscura::audit
