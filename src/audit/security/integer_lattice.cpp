#include "audit/security/integer_lattice.h"

#include <cmath>
#include <utility>

namespace obscura::security {
namespace {

using Real = long double;

constexpr Real kLovasz = 0.99L;
constexpr Real kReduced = 0.51L;  // a little above a half: rounding must not go to and fro
constexpr int kMostRounds = 200;
constexpr long kMostSwaps = 1'000'000;

/// The basis with what its vectors have in common.
class Reduction {
 public:
  explicit Reduction(std::vector<IntegerRow>& basis)
      : basis_(basis), across_(basis.size()), share_(basis.size()), square_(basis.size()) {}

  bool run() {
    long swaps = 0;
    for (std::size_t k = 0; k < basis_.size();) {
      if (!shorten(k)) return false;
      if (k == 0 || square_[k] >= (kLovasz - share_[k][k - 1] * share_[k][k - 1]) * square_[k - 1]) {
        ++k;
        continue;
      }
      std::swap(basis_[k], basis_[k - 1]);
      project(--k);
      if (++swaps > kMostSwaps) return false;
    }
    return true;
  }

 private:
  /// Row k across those before it; theirs are up to date.
  void project(std::size_t k) {
    across_[k].assign(basis_[k].begin(), basis_[k].end());
    share_[k].assign(k, 0);
    for (std::size_t j = 0; j < k; ++j) {
      Real product = 0;
      for (std::size_t i = 0; i < across_[k].size(); ++i) product += across_[k][i] * across_[j][i];
      share_[k][j] = product / square_[j];
      for (std::size_t i = 0; i < across_[k].size(); ++i) across_[k][i] -= share_[k][j] * across_[j][i];
    }
    square_[k] = 0;
    for (const Real x : across_[k]) square_[k] += x * x;
  }

  /// Takes multiples of the rows before from row k until no more than half of one is left.
  bool shorten(std::size_t k) {
    for (int round = 0; round < kMostRounds; ++round) {
      project(k);
      bool changed = false;
      for (std::size_t j = k; j-- > 0;) {
        if (std::abs(share_[k][j]) <= kReduced) continue;
        const Real times = std::nearbyint(share_[k][j]);
        if (std::abs(times) > 0x1p62L) return false;
        take(k, j, static_cast<std::int64_t>(times));
        for (std::size_t i = 0; i < j; ++i) share_[k][i] -= times * share_[j][i];
        changed = true;
      }
      if (!changed) return square_[k] > 0;
    }
    return false;
  }

  void take(std::size_t k, std::size_t j, std::int64_t times) {
    for (std::size_t i = 0; i < basis_[k].size(); ++i) {
      // What is in between may be too long for a word; the end is not.
      basis_[k][i] =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(basis_[k][i]) -
                                    static_cast<std::uint64_t>(times) * static_cast<std::uint64_t>(basis_[j][i]));
    }
  }

  std::vector<IntegerRow>& basis_;
  std::vector<std::vector<Real>> across_, share_;
  std::vector<Real> square_;
};

}  // namespace

bool reduce_basis(std::vector<IntegerRow>& basis) {
  return Reduction(basis).run();
}

}  // namespace obscura::security
