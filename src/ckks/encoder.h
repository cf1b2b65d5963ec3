#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/context.h"

namespace obscura::ckks {

class SlotFft;

/// Vectors of N/2 numbers <-> polynomials: slot i is the value at zeta^(3^i), zeta = exp(i pi / N) (SEAL's order).
///
/// Fewer values than slots are filled up with zeros; a period (power of two) repeats them instead. Rounds each
/// coefficient to the nearest integer; the transform works in double precision: errors stay under about 2^-48 of
/// the largest value times sqrt(N). Thread-safe.
class Encoder {
 public:
  explicit Encoder(ContextPtr context);
  ~Encoder();
  const Context& context() const { return *context_; }

  /// `basis`: a number of limbs, or a level with its special primes (Context::extended). Throws ParameterError for too
  /// many values, a value or scale that is not finite, scale outside [1, 2^60], a basis that the context does not have,
  /// or a coefficient that would not fit the modulus (|c| >= Q/2).
  Plaintext encode(std::span<const double> values, double scale, ring::RnsBasis basis) const;
  Plaintext encode(std::span<const std::complex<double>> values, double scale, ring::RnsBasis basis) const;
  /// The values repeated over all slots, by a transform of their own size: n values (a power of two up to N/2, or
  /// ParameterError) are a polynomial in X^(N / 2n).
  Plaintext encode_periodic(std::span<const double> values, double scale, ring::RnsBasis basis) const;

  /// The integer coefficients round(scale * m), N of them, 64-byte aligned, |c| < 2^62: what can be kept and
  /// transformed on the fly (ckks/residues.h).
  void encode_coefficients(std::span<const double> values, double scale, std::int64_t* coefficients) const;

  /// Slots from coefficients (already divided by the scale).
  std::vector<std::complex<double>> decode(std::span<const double> coefficients) const;
  /// The n slots of one period from the 2n coefficients of X^(k N / 2n).
  std::vector<std::complex<double>> decode_periodic(std::span<const double> coefficients) const;

  /// The transform of one period of degree / 2 slots: a power of two from 2 to N, or ParameterError.
  const SlotFft& transform_of(std::size_t degree) const;

  /// The steps of encode() for those that put something between them (secret/encryptor.h). Coefficients are N
  /// integers in doubles, 64-byte aligned; the result is their largest magnitude, checked to be below Q/2 at `limbs`.
  double round_values(std::span<const double> values, double scale, std::size_t limbs, double* coefficients) const;
  double round_values(std::span<const std::complex<double>> values, double scale, std::size_t limbs,
                      double* coefficients) const;
  double round_periodic(std::span<const double> values, double scale, std::size_t limbs, double* coefficients) const;
  /// Throws ParameterError for a scale outside [1, 2^60] or limbs outside the context.
  void check_level(double scale, std::size_t limbs) const;
  /// Throws ParameterError if a coefficient of this magnitude is Q/2 or more.
  void check_fits(double largest, std::size_t limbs) const;

 private:
  template <typename Value>
  void transform(std::span<const Value> values, double* coefficients) const;
  template <typename Value>
  double round_any(std::span<const Value> values, double scale, double* coefficients) const;
  template <typename Value>
  Plaintext encode_any(std::span<const Value> values, double scale, const ring::RnsBasis& basis) const;
  Plaintext from_rounded(const double* coefficients, double largest, double scale, const ring::RnsBasis& basis) const;

  ContextPtr context_;
  std::vector<std::unique_ptr<SlotFft>> fft_;  // by log2 of the degree, from 2 (empty at 0) to N
  std::vector<double> half_q_;                 // Q/2 by limbs
};

}  // namespace obscura::ckks
