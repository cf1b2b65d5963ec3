#pragma once

#include <cstddef>
#include <limits>
#include <string>

/// How hard it is to break parameters: published tables, and an estimate of one's own by the attacks that they are made
/// with. Nothing here touches a key; what is broken (toy.h) is a ring of degree 8.
namespace obscura::security {

/// How the coefficients of a secret are drawn.
struct Secret {
  enum class Kind {
    ternary,   ///< uniform on -1, 0 and 1
    sparse,    ///< `weight` coefficients of the polynomial are -1 or 1, the others 0
    gaussian,  ///< a discrete Gaussian, or a centred binomial distribution, of `deviation`; 0: as the error
  };
  Kind kind = Kind::ternary;
  std::size_t weight = 0;
  double deviation = 0;

  friend bool operator==(const Secret&, const Secret&) = default;
};

/// "ternary", "sparse:192", "gaussian", "gaussian:1.22", and back. Throws UsageError for other text.
Secret parse_secret(const std::string& text);
std::string to_string(const Secret& secret);

/// An instance of learning with errors: b = A s + e modulo q. Ring-LWE of degree n counts as one of dimension n: no
/// attack is known that uses the ring at these parameters.
struct Lwe {
  double dimension = 0;  ///< n
  double log_q = 0;      ///< log2 q; for CKKS of all primes that an evaluation key has: log2(Q P)
  Secret secret = {};
  double error = 3.2;                                        ///< standard deviation of e
  double samples = std::numeric_limits<double>::infinity();  ///< rows of A that the attacker has
};

/// Throws ParameterError that says what no instance of LWE can be, or is out of the models' reach: dimension 32 to
/// 2^17, log2 q 2 to 2^16 and above the error, more weight than coefficients.
void check(const Lwe& lwe);

/// Standard deviation of one coefficient of the secret.
double secret_deviation(const Lwe& lwe);

/// The same instance with a secret that is no wider than its error: a wider one is exchanged for an error at the cost
/// of n samples (Applebaum, Cash, Peikert, Sahai, CRYPTO 2009).
Lwe normal_form(const Lwe& lwe);

}  // namespace obscura::security
