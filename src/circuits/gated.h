#pragma once

#include <cstddef>
#include <vector>

#include "circuits/polynomial.h"

namespace obscura::circuits {

/// Polynomials of one gate: more levels than any chain has.
inline constexpr std::size_t kMaxGatePolynomials = 16;

/// Levels that evaluate_gated consumes: those of every polynomial and one for the product.
std::size_t gated_depth(const std::vector<std::vector<double>>& polynomials);

/// x p_k(... p_1(x)) on every slot: the polynomials one behind the other, each by evaluate_polynomial at the scale of
/// x, and the product with x, dropped to their level. With a composite minimax sign as the polynomials this is a ReLU
/// (Lee, Lee, No, "Precise approximation of convolutional neural networks for homomorphically encrypted data", 2021).
/// The last polynomial comes out at the scale at which the product, rescaled, has exactly `target_scale`.
///
/// x: two parts, at least gated_depth(polynomials) + 1 limbs. Throws MismatchError for fewer; ParameterError for no
/// polynomials or more than kMaxGatePolynomials; as evaluate_polynomial. Thread-safe.
ckks::Ciphertext evaluate_gated(const ckks::Evaluator& evaluator, const ckks::Encoder& encoder,
                                const ckks::Ciphertext& x, const std::vector<std::vector<double>>& polynomials,
                                double target_scale, Basis basis = Basis::chebyshev);

}  // namespace obscura::circuits
