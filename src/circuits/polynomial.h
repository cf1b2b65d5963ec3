#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "ckks/keys.h"

namespace obscura::circuits {

/// One number for all slots, or a value for every slot (coefficients by channel in a packed layout).
using Coefficient = std::variant<double, std::vector<double>>;

/// What a polynomial's coefficients count: powers of x, or Chebyshev polynomials T_k on [-1, 1].
enum class Basis { monomial, chebyshev };

inline constexpr std::size_t kMaxPolynomialDegree = 63;

/// Levels that a polynomial of this degree consumes: ceil(log2(degree + 1)).
std::size_t polynomial_depth(std::size_t degree);

/// sum_k coefficients[k] x^k (or T_k(x)) on every slot, with degree = coefficients.size() - 1.
///
/// Paterson and Stockmeyer, 1973, with the coefficient products merged into the last rescaling of each sum (Bossuat,
/// Mouchet, Troncoso-Pastoriza, Hubaux, 2020/1203): exactly polynomial_depth(degree) limbs are spent, whatever
/// coefficients are zero, and the result has exactly `target_scale`, because every coefficient is encoded at the scale
/// that makes it so. Products are summed with three parts and relinearised once a sum; zero coefficients cost nothing,
/// and powers that no term needs (odd ones of an even polynomial) are never computed.
///
/// x: two parts, at least polynomial_depth(degree) + 1 limbs. Throws MismatchError for fewer, for a missing
/// relinearisation key or another context; ParameterError for no coefficients, a degree over 63, a vector that has not
/// one value a slot, numbers that are not finite, or scales that leave less than 1 to encode a coefficient with.
/// Thread-safe.
ckks::Ciphertext evaluate_polynomial(const ckks::Evaluator& evaluator, const ckks::Encoder& encoder,
                                     const ckks::Ciphertext& x, const std::vector<Coefficient>& coefficients,
                                     double target_scale, Basis basis = Basis::monomial);

/// The relinearisation key that a polynomial of this degree needs for an x of `limbs` limbs: none up to degree 1.
void request_keys(std::size_t degree, std::size_t limbs, ckks::KeyRequest& request);

}  // namespace obscura::circuits
