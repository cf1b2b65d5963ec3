#pragma once

#include <cstdint>
#include <span>

#include "ckks/flooding.h"
#include "ring/random.h"

namespace obscura::ckks {

/// How results leave the decryptor. CKKS decryptions carry the noise, and noise shown to others leaks the key
/// (Li and Micciancio, ePrint 2020/1533). So Gaussian noise of sqrt(2) times the bound on what is there is added, as
/// OpenFHE does by default (Badawi et al., ePrint 2022/915, section 5), and what is left is rounded. That is for the
/// owner; what others may see is flooded.
struct DecryptOptions {
  /// Round results to this many bits behind the point; negative: to what the noise leaves (see honest_precision); 64
  /// and more: exactly what decrypts, nothing rounded, and nothing added but flooding (tests, measurements).
  int fraction_bits = -1;
  /// Add Gaussian noise of sigma = sqrt(12 tau) 2^(statistical_bits / 2) times the noise bound instead,
  /// tau = flood_queries (Li, Micciancio, Schultz, Sorrell, ePrint 2022/816). 0: the noise of the default.
  std::uint64_t flood_queries = 0;
  int statistical_bits = kFloodingBits;
};

/// Added noise over the noise that is there: sqrt(2), or what flooding takes. 0 for exact results. Throws
/// ParameterError for statistical bits outside 1 ... 128.
double added_noise_factor(const DecryptOptions& options);

/// Bits behind the point that survive an error of this standard deviation: floor(-log2(noise)) - 3... 0 at least.
int honest_precision(double noise);

/// Adds noise of sigma = added_noise_factor(options) * noise from `stream` to real values whose error has standard
/// deviation `noise`, and rounds them.
void finish_values(std::span<double> values, const DecryptOptions& options, double noise, ring::RandomStream& stream);

/// Root of the mean square; 0 for no samples.
double rms(std::span<const double> samples);

/// A standard deviation that an error is under, but for one in a thousand: from independent normal samples of it.
/// Samples over their upper confidence limit (chi-squared, by Wilson and Hilferty, 1931). 0 for no samples.
double noise_bound(std::span<const double> samples);

}  // namespace obscura::ckks
