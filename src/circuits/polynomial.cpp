#include "circuits/polynomial.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <string>

#include "base/error.h"
#include "circuits/polynomial_plan.h"

namespace obscura::circuits {
namespace {

using ckks::Ciphertext;

/// Everything that one evaluation shares: the tools, and the powers of x computed so far.
class Evaluation {
 public:
  Evaluation(const ckks::Evaluator& evaluator, const ckks::Encoder& encoder, const Ciphertext& x, Basis basis)
      : evaluator_(evaluator), encoder_(encoder), limbs_(x.limbs()), basis_(basis) {
    powers_.emplace(1, x);
  }

  void prepare(const std::set<std::size_t>& powers) {
    for (const std::size_t i : powers) powers_.emplace(i, make_power(i));
  }

  /// The node's sum at depth + 1 and `scale`, with two parts.
  Ciphertext rescaled(const PolynomialNode& node, double scale) const {
    const std::size_t limbs = limbs_ - node.depth;
    Ciphertext result = evaluator_.rescale(evaluator_.relinearize(sum(node, scale * prime(limbs))));
    result.scale = scale;
    return result;
  }

  /// Nothing but a constant, at any level.
  Ciphertext constant(const Coefficient& c, double scale) const {
    Ciphertext result = evaluator_.multiply_integer(powers_.at(1), 0);
    result.scale = scale;
    return is_zero(c) ? result : add_constant(result, c);
  }

 private:
  /// What a rescaling at this level divides by.
  double prime(std::size_t limbs) const { return static_cast<double>(evaluator_.context().q(limbs - 1).value()); }

  Ciphertext at(std::size_t power, std::size_t limbs) const { return evaluator_.drop_to(powers_.at(power), limbs); }

  /// x^i = x^a x^b, or T_i = 2 T_a T_b - T_(a-b).
  Ciphertext make_power(std::size_t i) const {
    const auto [a, b] = power_split(i);
    const std::size_t limbs = limbs_ - power_depth(i) + 1;
    const Ciphertext left = at(a, limbs);
    Ciphertext product = a == b ? evaluator_.square(left) : evaluator_.multiply(left, at(b, limbs));
    if (basis_ == Basis::chebyshev) {
      const double scale = product.scale;
      product = evaluator_.multiply_integer(product, 2);
      product = a == b ? evaluator_.add_scalar(product, -1)
                       : evaluator_.add(product, term(a - b, Coefficient(-1.0), limbs, scale));
    }
    return evaluator_.rescale(evaluator_.relinearize(product));
  }

  /// All terms and products of a node, at its depth and this scale: two or three parts.
  Ciphertext sum(const PolynomialNode& node, double scale) const {
    const std::size_t limbs = limbs_ - node.depth;
    std::vector<Ciphertext> addends;
    for (const auto& [m, child] : node.products) {
      const Ciphertext power = at(m, limbs);
      addends.push_back(evaluator_.multiply(power, rescaled(child, scale / power.scale)));
      addends.back().scale = scale;  // again, without the rounding of the division
    }
    const Coefficient* constant_term = nullptr;
    for (const auto& [i, c] : node.terms) {
      if (i == 0) {
        constant_term = &c;
      } else {
        addends.push_back(term(i, c, limbs, scale));
      }
    }
    if (addends.empty()) addends.push_back(evaluator_.multiply_integer(at(1, limbs), 0)), addends[0].scale = scale;
    Ciphertext total = std::move(addends[0]);
    for (std::size_t i = 1; i < addends.size(); ++i) total = evaluator_.add(total, addends[i]);
    return constant_term == nullptr ? total : add_constant(total, *constant_term);
  }

  /// c x^i at this level and scale: c is encoded at what is between the scales of x^i and of the term.
  Ciphertext term(std::size_t i, const Coefficient& c, std::size_t limbs, double scale) const {
    const Ciphertext power = at(i, limbs);
    const double between = scale / power.scale;
    if (!(between >= 1)) {
      throw ParameterError("a polynomial's coefficient of x^" + std::to_string(i) + " would be encoded at scale 2^" +
                           std::to_string(std::log2(between)) + ": the target scale is too small");
    }
    Ciphertext result;
    if (const double* value = std::get_if<double>(&c)) {
      result = evaluator_.multiply_scalar(power, *value, between);
    } else {
      result = evaluator_.multiply_plain(power, encode(std::get<std::vector<double>>(c), between, limbs));
    }
    result.scale = scale;
    return result;
  }

  Ciphertext add_constant(const Ciphertext& x, const Coefficient& c) const {
    if (const double* value = std::get_if<double>(&c)) return evaluator_.add_scalar(x, *value);
    return evaluator_.add_plain(x, encode(std::get<std::vector<double>>(c), x.scale, x.limbs()));
  }

  /// As the encoder, but for scales over its 2^60, too: the rest is a power of two, multiplied behind it. Nothing is
  /// lost, since the encoder is no better than double precision.
  ckks::Plaintext encode(const std::vector<double>& values, double scale, std::size_t limbs) const {
    const int excess = std::max(0, static_cast<int>(std::ceil(std::log2(scale))) - 56);
    ckks::Plaintext result = encoder_.encode(values, std::ldexp(scale, -excess), limbs);
    result.scale = scale;
    for (std::size_t i = 0; excess > 0 && i < limbs; ++i) {
      const auto& q = evaluator_.context().q(i);
      q.mul_scalar(result.poly.limb(i), result.poly.limb(i), q.modulus().pow(2, static_cast<std::uint64_t>(excess)));
    }
    return result;
  }

  const ckks::Evaluator& evaluator_;
  const ckks::Encoder& encoder_;
  std::size_t limbs_;
  Basis basis_;
  std::map<std::size_t, Ciphertext> powers_;
};

void check_coefficient(const Coefficient& c, std::size_t slots) {
  if (const double* value = std::get_if<double>(&c)) {
    if (!std::isfinite(*value)) throw ParameterError("a polynomial's coefficient is not finite");
    return;
  }
  const auto& values = std::get<std::vector<double>>(c);
  if (values.size() != slots) {
    throw ParameterError("a polynomial's coefficient has " + std::to_string(values.size()) + " values for " +
                         std::to_string(slots) + " slots");
  }
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
    throw ParameterError("a polynomial's coefficient is not finite");
  }
}

void check(const ckks::Context& context, const Ciphertext& x, const std::vector<Coefficient>& coefficients,
           double target_scale) {
  check_ciphertext(context, x);
  if (x.parts.size() != 2) throw MismatchError("a polynomial needs a relinearised ciphertext of two parts");
  if (coefficients.empty() || coefficients.size() > kMaxPolynomialDegree + 1) {
    throw ParameterError("a polynomial of " + std::to_string(coefficients.size()) + " coefficients; 1 to " +
                         std::to_string(kMaxPolynomialDegree + 1) + " are possible");
  }
  for (const auto& c : coefficients) check_coefficient(c, context.slots());
  if (!(target_scale > 0) || !std::isfinite(target_scale)) throw ParameterError("a scale must be positive");
  const std::size_t depth = polynomial_depth(coefficients.size() - 1);
  if (x.limbs() <= depth) {
    throw MismatchError("a polynomial of degree " + std::to_string(coefficients.size() - 1) + " takes " +
                        std::to_string(depth) + " of more limbs than that, not of " + std::to_string(x.limbs()));
  }
}

}  // namespace

std::size_t polynomial_depth(std::size_t degree) {
  return static_cast<std::size_t>(std::bit_width(degree));
}

Ciphertext evaluate_polynomial(const ckks::Evaluator& evaluator, const ckks::Encoder& encoder, const Ciphertext& x,
                               const std::vector<Coefficient>& coefficients, double target_scale, Basis basis) {
  check(evaluator.context(), x, coefficients, target_scale);
  Evaluation evaluation(evaluator, encoder, x, basis);
  if (coefficients.size() == 1) return evaluation.constant(coefficients[0], target_scale);
  const PolynomialNode root = plan_polynomial(coefficients, basis);
  evaluation.prepare(needed_powers(root, basis));
  return evaluation.rescaled(root, target_scale);
}

void request_keys(std::size_t degree, std::size_t limbs, ckks::KeyRequest& request) {
  if (degree >= 2) request.relinearisation(limbs);
}

}  // namespace obscura::circuits
