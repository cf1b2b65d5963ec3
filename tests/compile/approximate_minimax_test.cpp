#include "compile/approximate_minimax.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/error.h"

namespace obscura::compile {
namespace {

double magnitude(double x) {
  return std::abs(x);
}
double relu(double x) {
  return std::max(x, 0.0);
}
double exponential(double x) {
  return std::exp(x);
}

TEST(Minimax, KnownSmallestErrors) {
  // |x| on [-1, 1]: 1/8 for x^2 + 1/8; E_4 and E_8 of Varga and Carpenter, 1985, to the digits they print.
  EXPECT_NEAR(fit_minimax(magnitude, {-1, 1}, 2).max_error, 0.125, 1e-9);
  EXPECT_NEAR(fit_minimax(magnitude, {-1, 1}, 4).max_error, 0.06762090, 1e-7);
  EXPECT_NEAR(fit_minimax(magnitude, {-1, 1}, 8).max_error, 0.03468, 1e-4);
  EXPECT_NEAR(fit_minimax(magnitude, {-1, 1}, 3).max_error, 0.125, 1e-9) << "an odd degree adds nothing";
  // e^x on [-1, 1], degree 1 in closed form: slope sinh 1, error (e - slope ln slope ... ) / 2.
  const double slope = std::sinh(1.0);
  const double tangent = slope - slope * std::log(slope);
  EXPECT_NEAR(fit_minimax(exponential, {-1, 1}, 1).max_error, (std::exp(1.0) - slope - tangent) / 2, 1e-12);
  // x^n by degree n - 1: 2^(1 - n), Chebyshev's own.
  EXPECT_NEAR(fit_minimax([](double x) { return std::pow(x, 7); }, {-1, 1}, 6).max_error, 0x1p-6, 1e-12);
  // x^2 by a line on [0, 4]: (b - a)^2 / 8.
  EXPECT_NEAR(fit_minimax([](double x) { return x * x; }, {0, 4}, 1).max_error, 2, 1e-11);
  // 1 / (x - a) on [-1, 1] (Achieser): (a - sqrt(a^2 - 1))^n / (a^2 - 1).
  const double a = 1.5;
  const double rate = a - std::sqrt(a * a - 1);
  for (const std::size_t n : {2, 5, 10}) {
    EXPECT_NEAR(fit_minimax([&](double x) { return 1 / (x - a); }, {-1, 1}, n).max_error,
                std::pow(rate, static_cast<double>(n)) / (a * a - 1), 1e-11);
  }
}

/// Extrema of alternating sign of the error whose size is max_error. Looked for at Chebyshev places, which are as dense
/// as the oscillations everywhere, so dense that next to an extremum less than a thousandth is missing; and at zero,
/// where the functions here have their kinks.
std::size_t equal_extrema(const Function& f, const Approximation& fit) {
  constexpr int kPlaces = 6000;
  std::vector<double> places{0};
  for (int i = 0; i <= kPlaces; ++i) {
    places.push_back(fit.range.middle() - fit.range.width() / 2 * std::cos(std::numbers::pi * i / kPlaces));
  }
  std::ranges::sort(places);
  std::size_t found = 0;
  double before = 0;  // the extremum found last
  for (const double x : places) {
    const double error = fit(x) - f(x);
    EXPECT_LE(std::abs(error), fit.max_error * (1 + 1e-6));
    if (std::abs(error) < fit.max_error * (1 - 1e-3) || error * before > 0) continue;
    before = error;
    ++found;
  }
  return found;
}

TEST(Minimax, ErrorsAlternateAndAreEqual) {
  const std::vector<std::pair<Function, Range>> cases{{exponential, {-1, 2}},
                                                      {relu, {-3, 5}},
                                                      {relu, {-1, 1}},
                                                      {[](double x) { return x / (1 + std::exp(-x)); }, {-8, 6}},
                                                      {[](double x) { return std::tanh(x); }, {-4, 4}}};
  for (const auto& [f, range] : cases) {
    for (std::size_t degree = 1; degree <= 31; ++degree) {
      const Approximation fit = fit_minimax(f, range, degree);
      if (fit.max_error < 1e-8) continue;
      EXPECT_GE(equal_extrema(f, fit), degree + 2) << degree << " on [" << range.low << ", " << range.high << "]";
    }
  }
}

TEST(Minimax, ErrorsFallWithTheDegree) {
  double before = std::numeric_limits<double>::infinity();
  for (std::size_t degree = 1; degree <= 31; ++degree) {
    const double error = fit_minimax(relu, {-6, 9}, degree).max_error;
    EXPECT_LE(error, before * (1 + 1e-9)) << degree;
    before = error;
  }
  // Bernstein: n E_n(|x|) tends to 0.28017; here half of it, on a width of 15.
  EXPECT_NEAR(31 * before / 7.5, 0.14, 0.01);
}

TEST(Minimax, PolynomialsAreFoundExactly) {
  const auto f = [](double x) { return 3 - 2 * x + 0.5 * x * x * x; };
  for (const std::size_t degree : {3, 4, 9}) {
    const Approximation fit = fit_minimax(f, {-2, 5}, degree);
    for (double x = -2; x <= 5; x += 0.25) EXPECT_NEAR(fit(x), f(x), 1e-10);
  }
  EXPECT_NEAR(fit_minimax([](double) { return 0.0; }, {1, 2}, 3)(1.5), 0, 1e-15);
}

TEST(Minimax, RefusesWhatCannotBeFitted) {
  EXPECT_THROW(fit_minimax(relu, {1, 1}, 3), ParameterError);
  EXPECT_THROW(fit_minimax(relu, {2, 1}, 3), ParameterError);
  EXPECT_THROW(fit_minimax(relu, {0, std::numeric_limits<double>::infinity()}, 3), ParameterError);
  EXPECT_THROW(fit_minimax(relu, {std::nan(""), 1}, 3), ParameterError);
  EXPECT_THROW(fit_minimax(relu, {0, 1}, 64), ParameterError);
  EXPECT_THROW(fit_minimax([](double x) { return 1 / x; }, {0, 1}, 3), ParameterError);
}

TEST(LeastSquares, IsBetterWhereThePointsAre) {
  std::vector<Target> points;
  for (int i = -100; i <= 100; ++i) points.push_back({i / 100.0, relu(i / 100.0)});
  const Range range{-8, 8};
  const auto rms = [&](const Approximation& fit) {
    double sum = 0;
    for (const auto& p : points) sum += std::pow(fit(p.x) - relu(p.x), 2);
    return std::sqrt(sum / static_cast<double>(points.size()));
  };
  const Approximation even = fit_minimax(relu, range, 7);
  const Approximation weighted = fit_least_squares(relu, range, 7, points, 1e-3);
  EXPECT_LT(rms(weighted), rms(even) / 2);
  EXPECT_GT(weighted.max_error, even.max_error);
  EXPECT_LT(weighted.max_error, 4) << "tame where there is no point";
}

TEST(LeastSquares, FindsPolynomialsAndNeedsNoPoints) {
  const auto f = [](double x) { return 1 + x - x * x; };
  const Approximation fit = fit_least_squares(f, {0, 3}, 4, {});
  for (double x = 0; x <= 3; x += 0.5) EXPECT_NEAR(fit(x), f(x), 1e-10);
  EXPECT_LT(fit.max_error, 1e-10);
}

}  // namespace
}  // namespace obscura::compile
