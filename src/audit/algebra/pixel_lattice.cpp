#include "audit/algebra/pixel_lattice.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "audit/algebra/lattice.h"
#include "audit/algebra/whole_numbers.h"

namespace obscura::audit {
namespace {

// Points to begin with and to add where they turn out to generate too little, for each dimension.
constexpr Eigen::Index kPoints = 25;
constexpr int kTries = 6;
// In pixels, of a rough inverse: no difference of pixels is as small, and points that agree up to it are one.
constexpr double kLeast = 0.3, kApart = 0.25;
// Root mean square distance from whole numbers: noise has 0.289.
constexpr double kExact = 0.01;
constexpr double kRounding = 0.25;

Matrix rounded(const Matrix& m) {
  return m.unaryExpr([](double v) { return std::nearbyint(v); });
}

/// The shortest that are not zero, no two of them alike, shortest first.
std::vector<Eigen::Index> shortest(const Matrix& points, std::size_t count) {
  const Vector norms = points.rowwise().squaredNorm();
  std::vector<Eigen::Index> order(static_cast<std::size_t>(norms.size())), out;
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return norms[a] < norms[b]; });
  std::set<std::vector<long>> seen;
  for (const Eigen::Index i : order) {
    if (out.size() == count) break;
    if (norms[i] < kLeast * kLeast) continue;
    std::vector<long> key;
    for (const double v : points.row(i)) key.push_back(std::lround(v / kApart));
    if (seen.insert(std::move(key)).second) out.push_back(i);
  }
  return out;
}

/// A basis that gives all of the shortest points whole coordinates.
std::optional<Matrix> basis_of(const Matrix& points) {
  const auto n = static_cast<std::size_t>(points.cols());
  const auto candidates = shortest(points, n * static_cast<std::size_t>(kPoints) * 4);
  if (candidates.size() < 2 * n) return std::nullopt;
  const Matrix all = points(candidates, Eigen::all);
  Matrix from = all.topRows(std::min(all.rows(), points.cols() * kPoints));
  for (int i = 0; i < kTries; ++i) {
    auto basis = reduced_basis(from, kLeast);
    if (!basis) return std::nullopt;
    const Matrix coordinates = all * basis->inverse();
    const Vector off = (coordinates - rounded(coordinates)).rowwise().lpNorm<Eigen::Infinity>();
    std::vector<Eigen::Index> missed;
    for (Eigen::Index r = 0; r < off.size() && missed.size() < n; ++r) {
      if (off[r] > kRounding) missed.push_back(r);
    }
    if (missed.empty()) return basis;
    Matrix more(basis->rows() + static_cast<Eigen::Index>(missed.size()), basis->cols());
    more << *basis, all(missed, Eigen::all);
    from = std::move(more);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Matrix> whole_inverse(const Matrix& differences, const Matrix& rough) {
  const Matrix points = differences * rough;
  if (!points.allFinite()) return std::nullopt;
  const auto basis = basis_of(points);
  if (!basis) return std::nullopt;
  // The map takes whole numbers to whole numbers both ways, so its basis has the volume 1: that is the scale.
  const double scale = std::pow(std::abs(basis->determinant()), -1.0 / static_cast<double>(basis->cols()));
  const Matrix change = rounded(scale * *basis);
  if (std::abs(std::abs(change.determinant()) - 1) > 0.01) return std::nullopt;
  const WholeNumbers whole = to_whole_numbers(differences, rough * basis->inverse() * change);
  if (whole.distance > kExact) return std::nullopt;
  return whole.inverse;
}

}  // namespace obscura::audit
