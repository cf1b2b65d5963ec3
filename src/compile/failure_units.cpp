#include "compile/failure_units.h"

#include <algorithm>
#include <cmath>

namespace obscura::compile {
namespace {

constexpr double kErrorVariance = 10.5;  // ring::sample_error: 42 fair coins of one half
constexpr double kRounding = 1.0 / 12;   // uniform on an interval of length one
constexpr double kSecretVariance = 2.0 / 3;

}  // namespace

ErrorUnits::ErrorUnits(const ckks::Parameters& parameters, double doubt)
    : degree_(std::exp2(parameters.log_degree)), doubt_(doubt), parameters_(parameters) {
  secret_ = spread(degree_ * kSecretVariance, 2);
}

/// What the mean of squares over so many coordinates, each with the same sub-Gaussian variance, exceeds with
/// probability exp(-doubt): Hsu, Kakade, Zhang, "A tail inequality for quadratic forms of subgaussian random vectors",
/// 2012. `mean` is that of the squares of two coordinates.
double ErrorUnits::spread(double mean, double dimensions) const {
  return mean * (1 + 2 * std::sqrt(doubt_ / dimensions) + 2 * doubt_ / dimensions);
}

double ErrorUnits::fresh() const {
  return degree_ / 2 * kErrorVariance + encoding();
}

double ErrorUnits::encoding() const {
  return degree_ * kRounding;
}

double ErrorUnits::rounding() const {
  return degree_ / 2 * kRounding * (1 + secret_);
}

double ErrorUnits::rounding_three() const {
  return degree_ / 2 * kRounding * (1 + secret_ + secret_ * secret_);
}

double ErrorUnits::key_switch(std::size_t limbs) const {
  const auto begin = parameters_.q.begin();
  const auto special = static_cast<std::ptrdiff_t>(ckks::special_primes(parameters_, limbs));
  const double divisor = ckks::log2_product({parameters_.p.begin(), parameters_.p.begin() + special});
  double squares = 0;
  for (std::size_t first = 0; first < limbs; first += parameters_.digit_size) {
    const std::size_t last = std::min(first + parameters_.digit_size, limbs);
    const double digit =
        ckks::log2_product({begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last)});
    squares += std::exp2(2 * (digit - divisor));
  }
  return degree_ / 2 * kRounding * squares * spread(degree_ * kErrorVariance, 2) + rounding();
}

double ErrorUnits::averaged_rounding(std::size_t gap) const {
  const auto slots = static_cast<double>(gap);
  return degree_ / 2 / slots * kRounding * (1 + spread(degree_ * kSecretVariance, 2 * slots));
}

double ErrorUnits::events(std::size_t keys) const {
  const std::size_t digits = (parameters_.q.size() + parameters_.digit_size - 1) / parameters_.digit_size;
  // Slots of s; means of it over the slots of a reply's average; slots of the errors of keys.
  return degree_ / 2 * (2 + static_cast<double>(keys * digits));
}

}  // namespace obscura::compile
