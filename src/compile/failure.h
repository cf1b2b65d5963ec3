#pragma once

#include <string>

#include "compile/compile.h"
#include "program/magnitudes.h"

namespace obscura::compile {

/// The probability that decryption fails, over keys and encryptions: that the error of some logit of a query exceeds
/// the tolerance, or that some coefficient somewhere wraps around its modulus. Derived in docs/decryption.md: a union
/// bound over logits, slots, coefficients and operations, with sub-Gaussian tails given the key, for pictures whose
/// values are of the sizes that were measured.
struct Failure {
  /// Of a logit: kToleratedErrors times the predicted error, or kToleratedPart of the largest logit if that is more.
  double tolerance = 0;
  double error = 0;  ///< derived standard deviation of a logit's error
  double bits = 0;   ///< it fails with probability 2^-bits at the most; at most kMostFailureBits are said
  double logit_bits = 0, wrap_bits = 0;  ///< the two parts of it
};

/// Where an owner calls strays impossible (owner::judge).
inline constexpr double kToleratedErrors = 64;
inline constexpr double kToleratedPart = 0x1p-10;
inline constexpr double kMostFailureBits = 1000;

/// Of a program that was not made ready to run yet, with how large values get as compile() learnt it.
Failure failure_of(const Program& program, const Magnitudes& magnitudes);

/// The standard deviation of the key-dependent part of a logit's error, over keys, for pictures whose values are
/// twice as large as what was measured (message::kLogitHeadroom): derived, where Schedule::noise is predicted. What
/// --share floods.
double derived_noise(const Program& program, const Magnitudes& magnitudes);

/// -log2 of a union bound: that one of `count` errors of this sub-Gaussian variance is larger than `distance`, count 2
/// exp(-distance^2 / (2 variance)). 0 for no distance; not above kMostFailureBits.
double tail_bits(double distance, double variance, double count);
/// -log2 of the sum of probabilities 2^-bits.
double joined_bits(double a, double b);

/// A line for people.
std::string failure_text(const Failure& failure);

}  // namespace obscura::compile
