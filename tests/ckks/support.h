#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <random>
#include <vector>

#include "ckks/context.h"

namespace obscura::ckks::testing {

/// A ring too small to be secure, so that tests are quick: N = 2^11, base prime of 40 bits, three of 30, one special.
inline ContextPtr small_context(int log_degree = 11, std::vector<int> q = {40, 30, 30, 30}, std::vector<int> p = {45}) {
  Parameters parameters = make_parameters(log_degree, q, p);
  parameters.insecure = true;
  return Context::create(parameters);
}

inline std::vector<double> random_reals(std::size_t count, std::uint64_t seed, double bound = 1) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> uniform(-bound, bound);
  std::vector<double> values(count);
  for (double& v : values) v = uniform(engine);
  return values;
}

inline std::vector<std::complex<double>> random_complex(std::size_t count, std::uint64_t seed, double bound = 1) {
  const auto parts = random_reals(2 * count, seed, bound);
  std::vector<std::complex<double>> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = {parts[2 * i], parts[2 * i + 1]};
  return values;
}

template <typename A, typename B>
double largest_error(const A& a, const B& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// Root of the mean square.
inline double rms(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace obscura::ckks::testing
