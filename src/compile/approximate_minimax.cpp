#include "compile/approximate_minimax.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "compile/approximate_solve.h"

namespace obscura::compile {
namespace {

constexpr int kMostExchanges = 100;
/// Places an oscillation of the error on which it is looked at before extrema are refined.
constexpr std::size_t kGridPerTerm = 60;

/// sum_i c_i T_i(t), Clenshaw, 1955.
double clenshaw(const std::vector<double>& c, double t) {
  double one = 0, two = 0;
  for (std::size_t i = c.size(); i-- > 1;) {
    const double b = 2 * t * one - two + c[i];
    two = one;
    one = b;
  }
  return t * one - two + c[0];
}

/// A function on [-1, 1] to be approached by sum_i c_i T_i, i <= degree.
struct Problem {
  Function f;
  std::size_t degree = 0;

  std::size_t terms() const { return degree + 1; }
};

/// Chebyshev places of [-1, 1], ends included: `count` of them.
std::vector<double> chebyshev_places(std::size_t count) {
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.push_back(-std::cos(std::numbers::pi * static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  return result;
}

/// The larger of |error| by golden section between two places around t.
Target refine(const Function& error, double left, double right, Target best) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  const double sign = best.y < 0 ? -1 : 1;
  const auto take = [&](double t) {
    const double e = error(t);
    if (sign * e > sign * best.y) best = {t, e};
    return sign * e;
  };
  double a = right - golden * (right - left), b = left + golden * (right - left);
  double at_a = take(a), at_b = take(b);
  for (int i = 0; i < 45; ++i) {
    if (at_a > at_b) {
      right = b, b = a, at_b = at_a;
      a = right - golden * (right - left);
      at_a = take(a);
    } else {
      left = a, a = b, at_a = at_b;
      b = left + golden * (right - left);
      at_b = take(b);
    }
  }
  return best;
}

/// The extremum of every run of one sign; y is the error there.
std::vector<Target> extrema(const Function& error, const std::vector<double>& grid) {
  std::vector<Target> runs;
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double e = error(grid[i]);
    if (runs.empty() || (e < 0) != (runs.back().y < 0)) {
      runs.push_back({grid[i], e});
      at.push_back(i);
    } else if (std::abs(e) > std::abs(runs.back().y)) {
      runs.back() = {grid[i], e};
      at.back() = i;
    }
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const double left = grid[at[r] == 0 ? 0 : at[r] - 1];
    const double right = grid[std::min(at[r] + 1, grid.size() - 1)];
    runs[r] = refine(error, left, right, runs[r]);
  }
  return runs;
}

/// Leaves `wanted` alternating places, the largest errors among them: from the ends, or two neighbours at once.
void thin_out(std::vector<Target>& runs, std::size_t wanted) {
  const auto size = [&](std::size_t i) { return std::abs(runs[i].y); };
  while (runs.size() > wanted) {
    const bool front = size(0) < size(runs.size() - 1);
    if (runs.size() - wanted == 1) {
      runs.erase(front ? runs.begin() : runs.end() - 1);
      continue;
    }
    std::size_t pair = 0;
    for (std::size_t i = 1; i + 1 < runs.size(); ++i) {
      if (std::max(size(i), size(i + 1)) < std::max(size(pair), size(pair + 1))) pair = i;
    }
    const bool ends = std::min(size(0), size(runs.size() - 1)) < std::max(size(pair), size(pair + 1));
    if (ends) {
      runs.erase(front ? runs.begin() : runs.end() - 1);
    } else {
      runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(pair),
                 runs.begin() + static_cast<std::ptrdiff_t>(pair) + 2);
    }
  }
}

/// Coefficients that leave an error of alternating sign and equal size at the places.
std::vector<double> level(const Problem& problem, const std::vector<double>& places) {
  std::vector<std::vector<double>> rows;
  for (std::size_t j = 0; j < places.size(); ++j) {
    auto& row = rows.emplace_back();
    // T_n(t) = cos(n acos t)
    const double angle = std::acos(std::clamp(places[j], -1.0, 1.0));
    for (std::size_t n = 0; n <= problem.degree; ++n) row.push_back(std::cos(static_cast<double>(n) * angle));
    row.push_back(j % 2 == 0 ? 1.0 : -1.0);
    row.push_back(problem.f(places[j]));
  }
  auto solution = solve_linear(std::move(rows));
  solution.pop_back();  // the size of the error
  return solution;
}

double largest(const std::vector<Target>& points) {
  double most = 0;
  for (const auto& p : points) most = std::max(most, std::abs(p.y));
  return most;
}

double smallest(const std::vector<Target>& points) {
  double least = std::abs(points[0].y);
  for (const auto& p : points) least = std::min(least, std::abs(p.y));
  return least;
}

Function error_of(const Problem& problem, const std::vector<double>& c) {
  return [&problem, c](double t) { return problem.f(t) - clenshaw(c, t); };
}

/// Sums of products of the Chebyshev polynomials at weighted places: what a least squares fit solves.
class NormalEquations {
 public:
  explicit NormalEquations(std::size_t degree) : rows_(degree + 1, std::vector<double>(degree + 2, 0.0)) {}

  void add(double t, double y, double weight) {
    if (!std::isfinite(y)) throw ParameterError("a function that is not finite on its range cannot be fitted");
    std::vector<double> basis{1, t};
    for (std::size_t i = 2; i < rows_.size(); ++i) basis.push_back(2 * t * basis[i - 1] - basis[i - 2]);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      for (std::size_t j = 0; j < rows_.size(); ++j) rows_[i][j] += weight * basis[i] * basis[j];
      rows_[i].back() += weight * basis[i] * y;
    }
  }
  std::vector<double> solve() const { return solve_linear(rows_); }

 private:
  std::vector<std::vector<double>> rows_;
};

struct Solution {
  std::vector<double> coefficients;
  double error = 0;
};

/// Remez' second algorithm. Functions that are polynomials already stop at the rounding of doubles.
Solution remez(const Problem& problem) {
  const std::size_t wanted = problem.terms() + 1;
  const auto grid = chebyshev_places(kGridPerTerm * wanted);
  double scale = 0;
  for (const double t : grid) scale = std::max(scale, std::abs(problem.f(t)));
  if (!std::isfinite(scale)) throw ParameterError("a function that is not finite on its range cannot be fitted");
  std::vector<double> places = chebyshev_places(wanted);
  // Not symmetric: on places that are, even and odd functions have a level error of zero, from which nothing follows.
  for (double& t : places) t += 0.1 * (t + 1) * (1 - t) / 2;
  Solution best;
  for (int i = 0; i < kMostExchanges; ++i) {
    const auto c = level(problem, places);
    auto looked_at = grid;  // with the places themselves: a run of one sign may lie between two of the grid
    looked_at.insert(looked_at.end(), places.begin(), places.end());
    std::ranges::sort(looked_at);
    auto runs = extrema(error_of(problem, c), looked_at);
    const double error = largest(runs);
    if (best.coefficients.empty() || error < best.error) best = {c, error};
    if (error <= 1e-13 * scale || runs.size() < wanted) break;
    thin_out(runs, wanted);
    if (largest(runs) - smallest(runs) <= 1e-10 * largest(runs)) break;
    for (std::size_t j = 0; j < wanted; ++j) places[j] = runs[j].x;
  }
  return best;
}

void check(const Range& range, std::size_t degree) {
  if (!(range.low < range.high) || !std::isfinite(range.width())) {
    throw ParameterError("a polynomial is fitted on a range that is empty or not finite");
  }
  if (degree > kMaxFittedDegree) {
    throw ParameterError("a polynomial of degree " + std::to_string(degree) + " is wanted; at most " +
                         std::to_string(kMaxFittedDegree) + " is fitted");
  }
}

Problem problem_on(const Function& f, const Range& range, std::size_t degree) {
  return {[f, range](double t) { return f(range.middle() + range.width() / 2 * t); }, degree};
}

}  // namespace

double Approximation::operator()(double x) const {
  return clenshaw(coefficients, 2 * (x - range.middle()) / range.width());
}

Approximation fit_minimax(const Function& f, const Range& range, std::size_t degree) {
  check(range, degree);
  const Solution solution = remez(problem_on(f, range, degree));
  return {range, solution.coefficients, solution.error};
}

Approximation fit_least_squares(const Function& f, const Range& range, std::size_t degree,
                                const std::vector<Target>& targets, double floor) {
  check(range, degree);
  const Problem problem = problem_on(f, range, degree);
  NormalEquations equations(degree);
  double count = 0;
  for (const Target& target : targets) {
    if (!range.contains(target.x)) continue;
    equations.add(2 * (target.x - range.middle()) / range.width(), target.y, 1);
    ++count;
  }
  const auto grid = chebyshev_places(kGridPerTerm * (degree + 2));
  const double weight = count == 0 ? 1 : floor * count / static_cast<double>(grid.size());
  // Chebyshev places crowd at the ends, where few targets are and a polynomial leaves first.
  for (const double t : grid) equations.add(t, problem.f(t), weight);
  const auto c = equations.solve();
  return {range, c, largest(extrema(error_of(problem, c), grid))};
}

}  // namespace obscura::compile
