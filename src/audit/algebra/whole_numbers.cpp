#include "audit/algebra/whole_numbers.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace obscura::audit {
namespace {

// Vectors to begin and to end with, for each unknown of a column.
constexpr std::size_t kFirst = 6;
constexpr std::size_t kLast = 300;
// Uniform numbers are 0.289 away from whole ones.
constexpr double kNoise = 0.27;
constexpr double kDoubtful = 0.4;
constexpr int kAgain = 6;
constexpr double kStay = 1e-3;

Matrix rounded(const Matrix& m) {
  return m.unaryExpr([](double v) { return std::nearbyint(v); });
}

double rms(const Matrix& m) {
  return std::sqrt(m.squaredNorm() / static_cast<double>(std::max<Eigen::Index>(m.size(), 1)));
}

/// Corrections that may as well go the other way, in the first rounds, are none.
Matrix without_doubtful(const Matrix& corrections) {
  return corrections.unaryExpr([](double v) { return std::abs(v) < kDoubtful ? v : 0.0; });
}

/// The same for a vector and its negative.
std::vector<int> pattern(const Eigen::RowVectorXd& v) {
  std::vector<int> out;
  int sign = 0;
  for (const double x : v) {
    const int whole = static_cast<int>(std::nearbyint(std::clamp(x, -1e6, 1e6)));
    if (sign == 0) sign = whole < 0 ? -1 : whole > 0 ? 1 : 0;
    out.push_back(sign * whole);
  }
  return out;
}

/// Rows whose results are the smallest but not zero, smallest first, no two that round to the same; at most `count`.
std::vector<Eigen::Index> smallest(const Matrix& results, std::size_t count) {
  std::vector<Eigen::Index> order, out;
  const Vector norms = results.rowwise().squaredNorm();
  for (Eigen::Index i = 0; i < results.rows(); ++i) {
    if (norms[i] > 0.5) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return norms[a] < norms[b]; });
  std::set<std::vector<int>> seen;
  for (const Eigen::Index i : order) {
    if (out.size() == count) break;
    if (seen.insert(pattern(results.row(i))).second) out.push_back(i);
  }
  return out;
}

/// What has to be added to a map, relative to it: `results` times it should be `corrections`. Directions that no result
/// speaks of are left alone.
Matrix relative_change(const Matrix& results, const Matrix& corrections) {
  Matrix square = results.transpose() * results;
  square.diagonal().array() += kStay;
  return square.ldlt().solve(results.transpose() * corrections);
}

}  // namespace

WholeNumbers to_whole_numbers(const Matrix& differences, const Matrix& guess) {
  const auto size = static_cast<std::size_t>(guess.rows());
  WholeNumbers out{guess, 1};
  Matrix map = guess;
  for (std::size_t count = kFirst * size; count < kLast * size; count += count / 2) {
    const auto order = smallest(differences * map, count);
    if (order.size() < kFirst * size) return {guess, 1};
    const Matrix from = differences(order, Eigen::all);
    for (int again = 0; again < kAgain; ++again) {
      const Matrix near = from * map, to = rounded(near);
      out.distance = rms(near - to);
      if (out.distance > kNoise) return {guess, out.distance};
      map += map * relative_change(near, without_doubtful(to - near));
      if ((rounded(from * map) - to).isZero()) break;
    }
  }
  out.inverse = map;
  return out;
}

}  // namespace obscura::audit
