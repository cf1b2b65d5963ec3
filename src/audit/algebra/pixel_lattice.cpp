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

// Points that are looked at, and rounds, for each dimension.
constexpr std::size_t kShortest = 100, kTries = 3, kLookedAt = 200;
constexpr int kSettling = 2, kDenominators = 40;
constexpr double kIndependent = 1e-3;
// In pixels: what stands aside from others by less does so by its rounding.
constexpr double kAside = 0.1;
// In pixels, of a rough inverse: no difference of pixels is as small, and points that agree up to it are one.
constexpr double kLeast = 0.02, kApart = 0.25;
// Root mean square distance from whole numbers: noise has 0.289.
constexpr double kExact = 0.01;
constexpr double kRounding = 0.2, kFraction = 0.02, kFewTimes = 10, kSure = 0.15, kStay = 1e-3;

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
    if (norms[i] < kApart * kApart) continue;
    std::vector<long> key;
    for (const double v : points.row(i)) key.push_back(std::lround(v / kApart));
    if (seen.insert(std::move(key)).second) out.push_back(i);
  }
  return out;
}

double distance_from_whole(const Eigen::RowVectorXd& v) {
  return (v - rounded(v)).lpNorm<Eigen::Infinity>();
}

/// The rounding that a basis has gathered as it was reduced, taken out of its coordinates again: points that have whole
/// ones all but surely give better ones by least squares.
Matrix settled(const Matrix& points, Matrix coordinates) {
  for (int round = 0; round < kSettling; ++round) {
    const Matrix near = points * coordinates;
    std::vector<Eigen::Index> sure;
    for (Eigen::Index r = 0; r < near.rows(); ++r) {
      if (distance_from_whole(near.row(r)) < kSure) sure.push_back(r);
    }
    if (static_cast<Eigen::Index>(sure.size()) < 2 * points.cols()) return coordinates;
    const Matrix from = near(sure, Eigen::all), to = rounded(from);
    Matrix square = from.transpose() * from;
    square.diagonal().array() += kStay;
    coordinates += coordinates * square.ldlt().solve(from.transpose() * (to - from));
  }
  return coordinates;
}

/// The first rows that are linearly independent, as many as there are columns, or fewer where there are not so many.
std::vector<Eigen::Index> independent(const Matrix& points) {
  std::vector<Eigen::Index> out;
  Matrix spanned(0, points.cols());
  for (Eigen::Index r = 0; r < points.rows() && spanned.rows() < points.cols(); ++r) {
    Eigen::RowVectorXd rest = points.row(r);
    for (int twice = 0; twice < 2; ++twice) rest -= rest * spanned.transpose() * spanned;
    if (rest.norm() < std::max(kAside, kIndependent * points.row(r).norm())) continue;
    spanned.conservativeResize(spanned.rows() + 1, Eigen::NoChange);
    spanned.bottomRows(1) = rest.normalized();
    out.push_back(r);
  }
  return out;
}

/// Of points that have whole coordinates, about how far they are from them: what rounding leaves.
double rounding_of(const Matrix& coordinates) {
  std::vector<double> off;
  for (const auto& row : coordinates.rowwise()) {
    const double far = distance_from_whole(row);
    if (far < kSure) off.push_back(far);
  }
  if (off.empty()) return 0;
  const auto middle = off.begin() + static_cast<std::ptrdiff_t>(off.size() / 2);
  std::nth_element(off.begin(), middle, off.end());
  return *middle;
}

/// How many times coordinates have to be taken to be whole; more than kDenominators if it is oftener than that.
int denominator_of(const Eigen::RowVectorXd& coordinates, double rounding) {
  if (distance_from_whole(coordinates) < kRounding) return 1;
  int out = 2;
  while (out <= kDenominators && distance_from_whole(out * coordinates) > out * rounding) ++out;
  return out;
}

/// A point that has no whole coordinates yet, and of those the one with the simplest fractions, so that little rounding
/// is gathered when it is reduced; fractions are made right. Nothing if all are whole.
std::optional<Eigen::RowVectorXd> simplest_missed(const Matrix& coordinates) {
  const double rounding = std::min(kFraction, kFewTimes * rounding_of(coordinates) + 1e-9);
  std::optional<Eigen::RowVectorXd> out;
  int least = kDenominators + 2;
  std::size_t seen = 0;
  for (Eigen::Index r = 0; r < coordinates.rows() && least > 2; ++r) {
    const Eigen::RowVectorXd row = coordinates.row(r);
    const int times = denominator_of(row, rounding);
    if (times == 1) continue;
    if (++seen > kLookedAt) break;
    if (times >= least) continue;
    least = times;
    out = times > kDenominators ? row : Eigen::RowVectorXd(rounded(times * row) / times);
  }
  return out;
}

/// Coordinates that are whole for all of the shortest points, those of a basis. A point that has none yet is added at a
/// time, so that rounding does not add up: in between it is taken out again.
std::optional<Matrix> coordinates_of(const Matrix& points) {
  const auto n = static_cast<std::size_t>(points.cols());
  const Matrix all = points(shortest(points, n * kShortest), Eigen::all);
  const auto first = independent(all);
  if (first.size() < n) return std::nullopt;
  Matrix from = all(first, Eigen::all);
  for (std::size_t i = 0; i < n * kTries; ++i) {
    const auto basis = reduced_basis(from, kLeast);
    if (!basis) return std::nullopt;
    const Matrix map = settled(all, basis->inverse());
    const auto missed = simplest_missed(all * map);
    if (!missed) return map;
    const Matrix now = map.inverse();
    from.resize(points.cols() + 1, points.cols());
    from << now, *missed * now;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Matrix> whole_coordinates(const Matrix& differences, const Matrix& rough, double rounding) {
  const Matrix points = differences * rough;
  if (!points.allFinite()) return std::nullopt;
  const auto coordinates = coordinates_of(points);
  if (!coordinates) return std::nullopt;
  const WholeNumbers whole = to_whole_numbers(differences, rough * *coordinates);
  if (whole.distance > std::max(kExact, rounding)) return std::nullopt;
  return whole.inverse;
}

double residue_of(const Matrix& numbers) {
  const double squares = (numbers - rounded(numbers)).squaredNorm();
  return std::sqrt(squares / static_cast<double>(std::max<Eigen::Index>(numbers.size(), 1)));
}

}  // namespace obscura::audit
