#include "compile/composite_minimax.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "compile/approximate_minimax.h"
#include "compile/approximate_solve.h"

namespace obscura::compile {
namespace {

constexpr int kMostExchanges = 60;
constexpr std::size_t kGridPerTerm = 40;

/// Chebyshev places of [low, 1], ends included.
std::vector<double> places(std::size_t count, double low) {
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i) {
    const double t = -std::cos(std::numbers::pi * static_cast<double>(i) / static_cast<double>(count - 1));
    result.push_back(std::clamp((1 + low) / 2 + (1 - low) / 2 * t, low, 1.0));
  }
  return result;
}

/// Odd coefficients that leave an error of alternating sign and equal size at the places.
std::vector<double> level(std::size_t terms, const std::vector<double>& at) {
  std::vector<std::vector<double>> rows;
  for (std::size_t j = 0; j < at.size(); ++j) {
    auto& row = rows.emplace_back();
    const double angle = std::acos(at[j]);  // T_n(t) = cos(n acos t)
    for (std::size_t k = 0; k < terms; ++k) row.push_back(std::cos(static_cast<double>(2 * k + 1) * angle));
    row.push_back(j % 2 == 0 ? 1.0 : -1.0);
    row.push_back(1);
  }
  const auto solution = solve_linear(std::move(rows));
  std::vector<double> coefficients(2 * terms, 0);
  for (std::size_t k = 0; k < terms; ++k) coefficients[2 * k + 1] = solution[k];
  return coefficients;
}

/// The extremum of a run of one sign between two places of the grid, by a parabola through three of it.
Target vertex(const std::vector<double>& c, double a, double b, double d) {
  const auto error = [&](double t) { return 1 - chebyshev_at(c, t); };
  Target best{b, error(b)};
  for (int i = 0; i < 4 && a < b && b < d; ++i) {
    const double ea = error(a), eb = error(b), ed = error(d);
    const double p = (b - a) * (eb - ed), q = (b - d) * (eb - ea);
    if (p == q) break;
    const double t = b - ((b - a) * p - (b - d) * q) / (2 * (p - q));
    if (!(t > a && t < d)) break;
    const double e = error(t);
    if (std::abs(e) > std::abs(best.y)) best = {t, e};
    const double near = std::min(std::abs(t - b), (d - a) / 8);
    b = best.x, a = std::max(a, b - 2 * near - 1e-16), d = std::min(d, b + 2 * near + 1e-16);
  }
  return best;
}

/// The extrema of every run of one sign of the error.
std::vector<Target> extrema(const std::vector<double>& c, const std::vector<double>& grid) {
  std::vector<Target> runs;
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double e = 1 - chebyshev_at(c, grid[i]);
    const bool fresh = runs.empty() || (e < 0) != (runs.back().y < 0);
    if (fresh) runs.emplace_back(), at.push_back(i);
    if (fresh || std::abs(e) > std::abs(runs.back().y)) runs.back() = {grid[i], e}, at.back() = i;
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (at[r] == 0 || at[r] + 1 == grid.size()) continue;
    runs[r] = vertex(c, grid[at[r] - 1], grid[at[r]], grid[at[r] + 1]);
  }
  return runs;
}

}  // namespace

double chebyshev_at(const std::vector<double>& c, double t) {
  double one = 0, two = 0;
  for (std::size_t i = c.size(); i-- > 1;) {
    const double b = 2 * t * one - two + c[i];
    two = one, one = b;
  }
  return t * one - two + c[0];
}

OddFit fit_odd_one(std::size_t degree, double low) {
  const std::size_t terms = (degree + 1) / 2, wanted = terms + 1;
  const auto grid = places(kGridPerTerm * wanted, low);
  auto at = places(wanted, low);
  OddFit best;
  for (int i = 0; i < kMostExchanges; ++i) {
    auto c = level(terms, at);
    const auto runs = extrema(c, grid);
    double most = 0, least = INFINITY;
    for (const Target& run : runs) most = std::max(most, std::abs(run.y)), least = std::min(least, std::abs(run.y));
    if (best.coefficients.empty() || most < best.error) best = {std::move(c), most};
    // Errors of the rounding of doubles do not alternate.
    if (runs.size() != wanted || most - least <= 1e-9 * most) break;
    for (std::size_t j = 0; j < wanted; ++j) at[j] = runs[j].x;
  }
  return best;
}

}  // namespace obscura::compile
