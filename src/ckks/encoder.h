#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/context.h"

namespace obscura::ckks {

/// Vectors of N/2 numbers <-> polynomials: slot i is the value at zeta^(3^i), zeta = exp(i pi / N) (SEAL's order).
///
/// Fewer values than slots are filled up with zeros; a period (power of two) repeats them instead. Rounds each
/// coefficient to the nearest integer; the transform works in double precision: errors stay under about 2^-48 of
/// the largest value times sqrt(N). Thread-safe.
class Encoder {
 public:
  explicit Encoder(ContextPtr context);
  ~Encoder();

  /// Throws ParameterError for too many values, a value or scale that is not finite, scale outside [1, 2^60], limbs
  /// outside the context, or a coefficient that would not fit the modulus (|c| >= Q/2).
  Plaintext encode(std::span<const double> values, double scale, std::size_t limbs, bool special = false) const;
  Plaintext encode(std::span<const std::complex<double>> values, double scale, std::size_t limbs,
                   bool special = false) const;
  /// The integer coefficients round(scale * m), N of them, |c| < 2^62: what can be kept and transformed on the fly.
  void encode_coefficients(std::span<const double> values, double scale, std::int64_t* coefficients) const;
  void encode_coefficients(std::span<const std::complex<double>> values, double scale,
                           std::int64_t* coefficients) const;
  /// Coefficients as an NTT plaintext.
  Plaintext from_coefficients(const std::int64_t* coefficients, double scale, std::size_t limbs,
                              bool special = false) const;

  /// Slots from coefficients (already divided by the scale).
  std::vector<std::complex<double>> decode(std::span<const double> coefficients) const;

 private:
  struct Fft;
  ContextPtr context_;
  std::unique_ptr<Fft> fft_;
};

}  // namespace obscura::ckks
