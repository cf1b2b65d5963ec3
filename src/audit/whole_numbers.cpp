#include "audit/whole_numbers.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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

/// Rows whose results are the smallest but not zero, smallest first; at most `count`.
std::vector<Eigen::Index> smallest(const Matrix& results, std::size_t count) {
  std::vector<Eigen::Index> order;
  const Vector norms = results.rowwise().squaredNorm();
  for (Eigen::Index i = 0; i < results.rows(); ++i) {
    if (norms[i] > 0.5) order.push_back(i);
  }
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
  std::partial_sort(order.begin(), end, order.end(), [&](auto a, auto b) { return norms[a] < norms[b]; });
  order.erase(end, order.end());
  return order;
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
      // What the small ones say nothing of stays as it was.
      const Matrix change = from.completeOrthogonalDecomposition().solve(without_doubtful(to - near));
      map += change;
      if ((rounded(from * map) - to).isZero()) break;
    }
  }
  out.inverse = map;
  return out;
}

}  // namespace obscura::audit
