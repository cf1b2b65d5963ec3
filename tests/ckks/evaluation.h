#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "ckks/support.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

/// Owner and server in one object, and what noise they may make: for tests of everything that computes on ciphertexts.
namespace obscura::ckks::testing {

using Complexes = std::vector<std::complex<double>>;

/// One row of the table that tests run over. Rings this small are not secure unless the row says so.
struct ParameterSet {
  std::string name;
  int log_degree;
  std::vector<int> q;
  std::vector<int> p;
  std::size_t digit_size;
  double scale;
  bool insecure = true;

  ContextPtr context() const {
    Parameters parameters = make_parameters(log_degree, q, p, digit_size);
    parameters.insecure = insecure;
    return Context::create(parameters);
  }
  friend std::ostream& operator<<(std::ostream& out, const ParameterSet& set) { return out << set.name; }
};

/// Every shape of key switching: SEAL's (a digit a prime, one special prime), two small limbs a digit under one special
/// prime, three and five primes a digit with as many special ones (levels of few limbs leave some of them out), and
/// primes over 50 bits, which no vector kernel takes.
inline std::vector<ParameterSet> parameter_sets() {
  return {
      {"SealTiny", 10, {40, 30, 30}, {45}, 1, 0x1p30},
      {"SealSmall", 11, {45, 40, 40, 40}, {49}, 1, 0x1p40},
      {"PairsUnderOneSpecial", 12, {26, 26, 26, 26, 26, 26, 26}, {50}, 2, 0x1p26},
      {"PairsSecure", 13, {25, 23, 23, 23, 23, 23, 23}, {50}, 2, 0x1p23, false},
      {"TriplesUnderThree", 12, {45, 40, 40, 40, 40, 40, 40}, {42, 42, 42}, 3, 0x1p40},
      {"FivesUnderFive", 11, {45, 40, 40, 40, 40, 40, 40}, {45, 45, 42, 42, 41}, 5, 0x1p40},
      {"LargePrimes", 11, {60, 60, 60}, {60}, 1, 0x1p58},
  };
}

/// One owner with everything that a test needs. Seeds fix the secret; encryption noise is fresh every time.
struct Party {
  explicit Party(ContextPtr shared) : context(std::move(shared)), encoder(context), secret(context, ring::Seed{7}) {}

  /// A server with the keys that `request` asks for.
  Evaluator server(const KeyRequest& request = {}) const {
    const SeededEvaluationKeys seeded = make_evaluation_keys(secret, request);
    return Evaluator(context, std::make_shared<const EvaluationKeys>(*context, seeded));
  }
  /// As server(), with keys at the highest level.
  Evaluator server(const std::vector<std::int64_t>& steps, bool relinearise = true) const {
    KeyRequest request;
    for (const auto step : steps) request.rotation(step, context->max_limbs(), context->degree());
    if (relinearise) request.relinearisation(context->max_limbs());
    return server(request);
  }
  template <typename Value>
  Ciphertext encrypt(const std::vector<Value>& values, double scale, std::size_t limbs) const {
    return expand(*context, SecretEncryptor(secret).encrypt(encoder.encode(values, scale, limbs)));
  }
  Complexes decrypt(const Ciphertext& x) const { return Decryptor(secret).decrypt(x, {.fraction_bits = 64}); }

  ContextPtr context;
  Encoder encoder;
  SecretKey secret;
};

inline constexpr double kErrorVariance = 10.5;  // centred binomial

/// Variances of a coefficient's error. The secret is uniform in {-1, 0, 1}: variance 2/3.
inline double rounding_variance(const Context& context) {
  return (1 + 2.0 / 3 * static_cast<double>(context.degree())) / 12;
}
inline double fresh_variance() {
  return kErrorVariance + 1.0 / 12;
}
/// sum_j |digit_j|^2 sigma^2 N / 12 / P^2 and the rounding of the division by P.
inline double key_switch_variance(const Context& context, std::size_t limbs) {
  const auto& parameters = context.parameters();
  const auto special = static_cast<std::ptrdiff_t>(context.extended(limbs).special());
  const double log_p = log2_product({parameters.p.begin(), parameters.p.begin() + special});
  double sum = 0;
  for (std::size_t first = 0; first < limbs; first += parameters.digit_size) {
    double bits = -log_p;
    for (std::size_t i = first; i < std::min(first + parameters.digit_size, limbs); ++i) {
      bits += std::log2(static_cast<double>(parameters.q[i]));
    }
    sum += std::exp2(2 * bits) / 12 * static_cast<double>(context.degree()) * kErrorVariance;
  }
  return sum + rounding_variance(context);
}

/// What |error| of no slot should exceed: sixteen standard deviations of a sum of N coefficients with this variance,
/// and what double precision leaves undecided. An error of key switching or of rounding is, in a slot, a product of two
/// polynomials' values there (digit and noise, remainder and secret), whose squares are exponentially distributed each:
/// it passes eight deviations about once in two million slots, but sixteen only once in 10^13.
inline double bound(const Context& context, double variance, double scale, double magnitude = 1) {
  const auto n = static_cast<double>(context.degree());
  return 16 * std::sqrt(variance * n) / scale + magnitude * 0x1p-47 * std::sqrt(n);
}

inline Complexes rotated(const Complexes& values, std::int64_t steps) {
  const auto n = static_cast<std::int64_t>(values.size());
  Complexes result(values.size());
  for (std::int64_t i = 0; i < n; ++i) {
    result[static_cast<std::size_t>(i)] = values[static_cast<std::size_t>((((i + steps) % n) + n) % n)];
  }
  return result;
}

/// f(a_i, b_i) for every slot.
template <typename F>
Complexes zip(const Complexes& a, const Complexes& b, F&& f) {
  Complexes result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = f(a[i], b[i]);
  return result;
}

}  // namespace obscura::ckks::testing
