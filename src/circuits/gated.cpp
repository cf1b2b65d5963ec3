#include "circuits/gated.h"

#include <string>

#include "base/error.h"

namespace obscura::circuits {

std::size_t gated_depth(const std::vector<std::vector<double>>& polynomials) {
  std::size_t depth = 1;
  for (const auto& row : polynomials) depth += row.empty() ? 0 : polynomial_depth(row.size() - 1);
  return depth;
}

ckks::Ciphertext evaluate_gated(const ckks::Evaluator& evaluator, const ckks::Encoder& encoder,
                                const ckks::Ciphertext& x, const std::vector<std::vector<double>>& polynomials,
                                double target_scale, Basis basis) {
  if (polynomials.empty() || polynomials.size() > kMaxGatePolynomials) {
    throw ParameterError("a gate of " + std::to_string(polynomials.size()) + " polynomials; 1 to " +
                         std::to_string(kMaxGatePolynomials) + " are possible");
  }
  const std::size_t depth = gated_depth(polynomials);
  if (x.limbs() <= depth) {
    throw MismatchError("a gate takes " + std::to_string(depth) + " of more limbs than that, not of " +
                        std::to_string(x.limbs()));
  }
  const std::size_t limbs = x.limbs() - depth + 1;  // of the product
  const auto prime = static_cast<double>(evaluator.context().q(limbs - 1).value());
  ckks::Ciphertext gate = x;
  for (std::size_t i = 0; i < polynomials.size(); ++i) {
    const std::vector<Coefficient> coefficients(polynomials[i].begin(), polynomials[i].end());
    const double scale = i + 1 < polynomials.size() ? x.scale : target_scale * prime / x.scale;
    gate = evaluate_polynomial(evaluator, encoder, gate, coefficients, scale, basis);
  }
  ckks::Ciphertext product = evaluator.multiply(evaluator.drop_to(x, limbs), gate);
  product = evaluator.rescale(evaluator.relinearize(product));
  product.scale = target_scale;  // again, without the rounding of the division
  return product;
}

}  // namespace obscura::circuits
