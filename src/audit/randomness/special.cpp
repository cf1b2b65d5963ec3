#include "audit/randomness/special.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace obscura::randomness {
namespace {

constexpr int kMostSteps = 1'000'000;

/// x^a e^-x / Gamma(a + 1).
double gamma_front(double a, double x) {
  return std::exp(a * std::log(x) - x - log_gamma(a + 1));
}

/// P(a, x) by its power series; converges fast for x < a + 1.
double lower_series(double a, double x) {
  double term = 1, sum = 1;
  for (int k = 1; k < kMostSteps && term > sum * 1e-17; ++k) {
    term *= x / (a + k);
    sum += term;
  }
  return sum * gamma_front(a, x);
}

/// Q(a, x) by its continued fraction, evaluated forwards by the modified method of Lentz; for x >= a + 1.
double upper_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, value = d;
  for (int k = 1; k < kMostSteps; ++k) {
    const double numerator = -k * (k - a);
    b += 2;
    d = numerator * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + numerator / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    value *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return value * gamma_front(a, x) * a;
}

}  // namespace

double log_gamma(double a) {
  // Upwards until five terms of the series are enough.
  double product = 1;
  for (; a < 16; ++a) product *= a;
  const double z = 1 / (a * a);
  const double series = (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z / 1188)))) / a;
  constexpr double kHalfLog2Pi = 0.91893853320467274178;
  return (a - 0.5) * std::log(a) - a + kHalfLog2Pi + series - std::log(product);
}

double igamc(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return 1;
  if (std::isinf(x)) return 0;
  return std::clamp(x < a + 1 ? 1 - lower_series(a, x) : upper_fraction(a, x), 0.0, 1.0);
}

double chi2(std::span<const double> seen, std::span<const double> chances, double total) {
  double sum = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double expected = total * chances[i];
    sum += (seen[i] - expected) * (seen[i] - expected) / expected;
  }
  return sum;
}

double normal_cdf(double x) {
  return std::erfc(-x / std::sqrt(2.0)) / 2;
}

double binomial_tail(std::size_t trials, double p, std::size_t successes) {
  if (successes == 0) return 1;
  if (successes > trials || p <= 0) return 0;
  if (p >= 1) return 1;
  const double n = static_cast<double>(trials);
  const auto term = [&](double k) {
    return std::exp(log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1) + k * std::log(p) +
                    (n - k) * std::log1p(-p));
  };
  double sum = 0;
  for (std::size_t k = successes; k <= trials; ++k) {
    const double next = term(static_cast<double>(k));
    sum += next;
    if (static_cast<double>(k) > n * p && next < sum * 1e-17) break;
  }
  return std::min(sum, 1.0);
}

}  // namespace obscura::randomness
