#pragma once

#include <cstddef>
#include <span>

/// The functions of mathematics that p-values are made of. Thread-safe, unlike std::lgamma.
namespace obscura::randomness {

/// log Gamma(a) for a > 0, to some 14 digits. Stirling's series, Abramowitz and Stegun 6.1.41.
double log_gamma(double a);

/// The regularised upper incomplete gamma function Q(a, x) = Gamma(a, x) / Gamma(a) for a > 0, x >= 0, which the
/// standard calls igamc; not-a-number otherwise. Series or continued fraction, Abramowitz and Stegun 6.5.29 and 6.5.31;
/// relative error below 1e-9 for a up to 1e5.
double igamc(double a, double x);

/// The chance that a chi-squared variable of so many degrees of freedom is `chi2` or more.
inline double chi2_tail(double degrees, double chi2) {
  return igamc(degrees / 2, chi2 / 2);
}

/// The sum of (seen - total chance)^2 / (total chance) over all classes, of which there are as many in both.
double chi2(std::span<const double> seen, std::span<const double> chances, double total);

/// The distribution function of the standard normal distribution.
double normal_cdf(double x);

/// The chance of `successes` or more in `trials`, each of chance p: exact, summed from its largest term on.
double binomial_tail(std::size_t trials, double p, std::size_t successes);

}  // namespace obscura::randomness
