#include "secret/finish.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"

namespace obscura::ckks {
namespace {

/// Uniform in (0, 1): 53 random bits, never zero.
double uniform(ring::RandomStream& stream) {
  return (static_cast<double>(stream.next_u64() >> 11) + 0.5) * 0x1p-53;
}

/// Box and Muller, 1958: two independent normal numbers from two uniform ones.
void add_gaussian(double sigma, std::span<double> values, ring::RandomStream& stream) {
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const double radius = sigma * std::sqrt(-2 * std::log(uniform(stream)));
    const double angle = 2 * std::numbers::pi * uniform(stream);
    values[i] += radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] += radius * std::sin(angle);
  }
}

}  // namespace

double added_noise_factor(const DecryptOptions& options) {
  if (options.flood_queries == 0) return options.fraction_bits >= 64 ? 0 : std::numbers::sqrt2;
  if (options.statistical_bits < 1 || options.statistical_bits > 128) {
    throw ParameterError("flooding for " + std::to_string(options.statistical_bits) +
                         " statistical bits; 1 to 128 make sense");
  }
  return flooding_factor(options.flood_queries, options.statistical_bits);
}

int honest_precision(double noise) {
  if (!(noise > 0)) return 64;
  return std::max(0, static_cast<int>(std::floor(-std::log2(noise))) - 3);
}

void finish_values(std::span<double> values, const DecryptOptions& options, double noise, ring::RandomStream& stream) {
  if (!(noise >= 0) || !std::isfinite(noise)) throw ParameterError("expected noise is not a positive number");
  const double sigma = added_noise_factor(options) * noise;
  if (sigma > 0) add_gaussian(sigma, values, stream);
  const int bits = options.fraction_bits < 0 ? honest_precision(std::hypot(noise, sigma)) : options.fraction_bits;
  if (bits >= 64) return;
  const double up = std::exp2(bits), down = std::exp2(-bits);
  for (double& v : values) v = std::nearbyint(v * up) * down;
}

double rms(std::span<const double> samples) {
  double squares = 0;
  for (const double v : samples) squares += v * v;
  return samples.empty() ? 0 : std::sqrt(squares / static_cast<double>(samples.size()));
}

double noise_bound(std::span<const double> samples) {
  if (samples.empty()) return 0;
  // The 0.1 % quantile of chi-squared over its degrees of freedom; for few samples the approximation is below 0.
  constexpr double kNormalQuantile = 3.0902, kLeastQuantile = 1.0 / 64;
  const double a = 2 / (9 * static_cast<double>(samples.size()));
  const double root = 1 - a - kNormalQuantile * std::sqrt(a);
  return rms(samples) / std::sqrt(std::max(root > 0 ? root * root * root : 0, kLeastQuantile));
}

}  // namespace obscura::ckks
