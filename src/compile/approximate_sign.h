#pragma once

#include <cstddef>
#include <vector>

namespace obscura::compile {

/// The sign of x as odd polynomials one after the other: minimax composite polynomials (Lee, Lee, No, Kim, 2021/834),
/// each the nearest to 1 on what the one before it leaves of [threshold, 1].
///
/// ReLU is x (1 + sign(x / B)) / 2 for |x| <= B. The graph has no product of two tensors to say that with, so networks
/// do not use it yet: fit_activations takes one polynomial a layer.
struct CompositeSign {
  /// A row of Chebyshev coefficients a stage; argument and result of every stage lie in [-1, 1], but the last result.
  std::vector<std::vector<double>> stages;
  double threshold = 0;  ///< below it, |x| may come out anywhere between -1 and 1
  double error = 0;      ///< largest | |result| - 1 | for threshold <= |x| <= 1

  /// For x in [-1, 1].
  double operator()(double x) const;
  /// Levels that the stages consume: the sum of ceil(log2(degree + 1)).
  std::size_t levels() const;
};

/// Throws ParameterError for no degrees, even ones, or a threshold outside of (0, 1). Thread-safe.
CompositeSign composite_sign(const std::vector<std::size_t>& degrees, double threshold);

/// The threshold for which ReLU by these degrees is nearest to the exact one: {15, 15, 27} reach 2^-13 of the bound at
/// 2^-9, in 13 levels and one more. Throws as composite_sign.
CompositeSign composite_sign_for_relu(const std::vector<std::size_t>& degrees);

/// Largest error of composite_relu on [-bound, bound] over the bound, on a fine grid.
double composite_relu_error(const CompositeSign& sign);

/// ReLU on [-bound, bound] by a composite sign; off by at most bound * max(threshold, error / 2). One level more.
double composite_relu(const CompositeSign& sign, double bound, double x);

}  // namespace obscura::compile
