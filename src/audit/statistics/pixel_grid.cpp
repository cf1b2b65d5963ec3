#include "audit/statistics/pixel_grid.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "audit/algebra/quadratic_form.h"

namespace obscura::audit {
namespace {

/// Two pixels side by side, and what their difference is of the coordinates.
struct Edge {
  Eigen::Index first = 0;
  Eigen::Index second = 0;
  Vector functional;
  double doubt = 0;  ///< how far the rough one was off, as a share of its own length
};

std::vector<Edge> edges_of(const QuadraticForm& variance, const Matrix& rough, Eigen::Index side) {
  std::vector<Edge> out;
  const auto add = [&](Eigen::Index p, Eigen::Index q) {
    const Vector target = rough.col(q) - rough.col(p), whole = variance.nearest(target);
    const double length = variance.square(whole);
    const double doubt = length > 0 ? variance.square(target - whole) / length : HUGE_VAL;
    out.push_back({p, q, whole, doubt});
  };
  for (Eigen::Index i = 0; i < side; ++i) {
    for (Eigen::Index j = 0; j + 1 < side; ++j) {
      add(i * side + j, i * side + j + 1);
      add(j * side + i, (j + 1) * side + i);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Edge& a, const Edge& b) { return a.doubt < b.doubt; });
  return out;
}

/// Parts of the block whose pixels are known up to what they have in common: at.col(p) is pixel p less the root's.
class Spanned {
 public:
  explicit Spanned(Eigen::Index size) : at(Matrix::Zero(size, size)), part_(static_cast<std::size_t>(size)) {
    std::iota(part_.begin(), part_.end(), 0);
  }

  void join(const Edge& edge) {
    const Eigen::Index kept = part(edge.first), gone = part(edge.second);
    if (kept == gone) return;
    const Vector shift = at.col(edge.first) + edge.functional - at.col(edge.second);
    for (Eigen::Index p = 0; p < at.cols(); ++p) {
      if (part(p) != gone) continue;
      at.col(p) += shift;
      part_[static_cast<std::size_t>(p)] = kept;
    }
  }

  Matrix at;

 private:
  Eigen::Index part(Eigen::Index p) const { return part_[static_cast<std::size_t>(p)]; }
  std::vector<Eigen::Index> part_;
};

/// What all pixels have in common, g, so that z (g + at_p) goes on into z' (g + at_q) for adjacent blocks: the least
/// sum of squares, and the whole vector that is nearest to it in just that measure.
std::optional<Vector> common_of(const PixelMoments& moments, const Matrix& at, Eigen::Index side) {
  Matrix form = Matrix::Zero(at.rows(), at.rows());
  Vector pull = Vector::Zero(at.rows());
  for (std::size_t way = 1; way < moments.size(); ++way) {
    const PairMoments& m = moments[way];
    form += static_cast<double>(side) * (m.first + m.second - m.both - m.both.transpose());
    for (Eigen::Index i = 0; i < side; ++i) {
      const Eigen::Index p = way == 1 ? i * side + side - 1 : (side - 1) * side + i, q = way == 1 ? i * side : i;
      pull += m.first * at.col(p) - m.both * at.col(q) - m.both.transpose() * at.col(p) + m.second * at.col(q);
    }
  }
  const Vector best = -form.ldlt().solve(pull);
  if (!best.allFinite()) return std::nullopt;
  return QuadraticForm(form).nearest(best);
}

bool is_change_of_basis(const Matrix& whole) {
  return std::abs(std::abs(whole.determinant()) - 1) < 0.01;
}

}  // namespace

std::optional<Matrix> pixels_of(const PixelMoments& moments, const Matrix& rough) {
  const auto side = static_cast<Eigen::Index>(std::lround(std::sqrt(static_cast<double>(rough.cols()))));
  const double volume = std::abs(rough.determinant());
  if (!(volume > 0) || !std::isfinite(volume)) return std::nullopt;
  const Matrix scaled = rough * std::pow(volume, -1.0 / static_cast<double>(rough.cols()));
  const QuadraticForm variance(moments[0].first);
  Spanned spanned(rough.cols());
  for (const Edge& edge : edges_of(variance, scaled, side)) spanned.join(edge);
  if (const auto common = common_of(moments, spanned.at, side)) {
    Matrix pixels = spanned.at.colwise() + *common;
    if (is_change_of_basis(pixels)) return pixels;
  }
  // A map that is nearly right has whole numbers next to its own.
  Matrix rounded = scaled.unaryExpr([](double v) { return std::nearbyint(v); });
  if (is_change_of_basis(rounded)) return rounded;
  return std::nullopt;
}

}  // namespace obscura::audit
