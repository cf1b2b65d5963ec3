#pragma once

#include <cstddef>
#include <vector>

#include "nn/activation.h"

namespace obscura::compile {

/// Composite polynomials that approach the sign of x: p_k(... p_1(x)), every p_i an odd minimax polynomial of the sign
/// on what the one before it makes of [-1, -low] and [low, 1] (Lee, Lee, No, Kim, "Minimax approximation of sign
/// function by composite polynomial for homomorphic comparison", IEEE TDSC 2022; for ReLU: Lee, Lee, No, "Precise
/// approximation of convolutional neural networks for homomorphically encrypted data", 2021). A regular type.
struct CompositeSign {
  /// In the Chebyshev basis of [-1, 1], the first applied first. Each is scaled so that its values, small errors and
  /// all, stay within [-1, 1], where the next one is good; the last gives the sign.
  std::vector<std::vector<double>> polynomials;
  double low = 0;         ///< the sign is right from here on
  double sign_error = 0;  ///< largest |p(x) - sign x| on [low, 1]
  double relu_error = 0;  ///< largest |x (1 + p(x)) / 2 - max(x, 0)| on [-1, 1], or a little more

  double operator()(double x) const;
  std::vector<std::size_t> degrees() const;
  /// ceil(log2(degree + 1)) of every polynomial, and one for the product with x.
  std::size_t levels() const;
};

/// What composite_relu takes: its error is 2^-bits of the range.
inline constexpr double kLeastReluBits = 3, kMostReluBits = 16;

/// The composite of these odd degrees, for the sign from `low` on. Throws ParameterError for no degrees, a degree that
/// is even, below 3 or over 31, or a `low` outside of (0, 1). Thread-safe.
CompositeSign composite_sign(const std::vector<std::size_t>& degrees, double low);

/// The composite whose ReLU is off by 2^-bits or less on [-1, 1], of the fewest levels, and among those of the fewest
/// products. Takes a second or less. Throws ParameterError for bits outside of the limits. Thread-safe.
CompositeSign composite_relu(double bits);

/// True for ReLU and LeakyReLU: x ((1 + a) + (1 - a) sign x) / 2, a the slope below zero.
bool has_composite(const nn::Activation& activation);

/// The composite's last polynomial so that x p_k(... p_1(x)) is the activation.
std::vector<std::vector<double>> gate_of(const CompositeSign& sign, const nn::Activation& activation);

}  // namespace obscura::compile
