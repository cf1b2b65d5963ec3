#include "audit/randomness/special.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace obscura::randomness {
namespace {

TEST(Special, LogGammaOfFactorialsAndHalves) {
  long double log_factorial = 0;
  for (int n = 1; n < 2000; ++n) {
    EXPECT_NEAR(log_gamma(n), static_cast<double>(log_factorial), 1e-13 * (1 + std::abs(log_factorial))) << n;
    log_factorial += std::log(static_cast<long double>(n));
  }
  EXPECT_NEAR(log_gamma(0.5), std::log(std::acos(-1.0)) / 2, 1e-14);
  EXPECT_NEAR(log_gamma(2.5), std::log(0.75) + std::log(std::acos(-1.0)) / 2, 1e-14);
}

/// Q(n, x) is the chance that a Poisson variable of mean x is below n, summed here from its largest term.
double poisson_below(int n, double x) {
  long double sum = 0;
  for (int k = 0; k < n; ++k) sum += std::exp(k * std::log(static_cast<long double>(x)) - x - lgammal(k + 1.0L));
  return static_cast<double>(sum);
}

TEST(Special, IgamcOfWholeNumbersIsPoisson) {
  for (const int n : {1, 2, 3, 5, 20, 100, 512, 4096, 16384}) {
    for (const double off : {-6.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 6.0}) {
      const double x = n + off * std::sqrt(n);
      if (x <= 0) continue;
      const double expected = poisson_below(n, x);
      EXPECT_NEAR(igamc(n, x), expected, 1e-9 * std::max(expected, 1e-3)) << n << " " << x;
    }
  }
}

TEST(Special, IgamcOfOneHalfIsErfc) {
  for (const double x : {1e-8, 0.01, 0.3, 1.0, 1.5, 4.0, 30.0, 200.0}) {
    EXPECT_NEAR(igamc(0.5, x) / std::erfc(std::sqrt(x)), 1, 1e-12) << x;
  }
}

TEST(Special, IgamcAtItsEnds) {
  EXPECT_EQ(igamc(3, 0), 1);
  EXPECT_EQ(igamc(3, std::numeric_limits<double>::infinity()), 0);
  EXPECT_EQ(igamc(2.5, 1e6), 0);
  EXPECT_TRUE(std::isnan(igamc(0, 1)));
  EXPECT_TRUE(std::isnan(igamc(1, -1)));
  EXPECT_TRUE(std::isnan(igamc(1, std::nan(""))));
}

/// Upper and lower one percent of chi-squared, from tables.
TEST(Special, ChiSquaredAsTabulated) {
  EXPECT_NEAR(chi2_tail(9, 21.666), 0.01, 1e-6);
  EXPECT_NEAR(chi2_tail(5, 0.554), 0.99, 1e-4);
  EXPECT_NEAR(chi2_tail(1, 3.841459), 0.05, 1e-7);
  EXPECT_NEAR(chi2_tail(100, 135.807), 0.01, 1e-6);
}

TEST(Special, BinomialTailIsExact) {
  EXPECT_NEAR(binomial_tail(10, 0.5, 8), 56.0 / 1024, 1e-15);
  EXPECT_NEAR(binomial_tail(3, 0.01, 1), 1 - 0.99 * 0.99 * 0.99, 1e-15);
  EXPECT_NEAR(binomial_tail(1000, 0.01, 1000), 0, 1e-300);
  EXPECT_EQ(binomial_tail(5, 0.3, 0), 1);
  EXPECT_EQ(binomial_tail(5, 0.3, 6), 0);
  double sum = 0;  // tails differ by single terms, which sum to one
  for (std::size_t k = 0; k <= 40; ++k) sum += binomial_tail(40, 0.2, k) - binomial_tail(40, 0.2, k + 1);
  EXPECT_NEAR(sum, 1, 1e-12);
}

}  // namespace
}  // namespace obscura::randomness
