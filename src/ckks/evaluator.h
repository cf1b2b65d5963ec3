#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/encoder.h"
#include "ckks/key_switcher.h"
#include "ckks/keys.h"

namespace obscura::ckks {

/// Arithmetic on ciphertexts with public material only. Every operation checks that its operands, ciphertexts,
/// plaintexts and keys, belong to the context and agree in level (limbs) and scale, and throws MismatchError that says
/// both otherwise; nothing is adjusted behind the caller's back. Thread-safe: the evaluator holds no state but shared,
/// immutable keys.
class Evaluator {
 public:
  /// Without keys everything works but relinearise, rotate and conjugate. Throws MismatchError for keys of another
  /// context.
  explicit Evaluator(ContextPtr context, std::shared_ptr<const EvaluationKeys> keys = nullptr);

  const Context& context() const { return *context_; }
  const KeySwitcher& switcher() const { return switcher_; }
  const EvaluationKeys& keys() const;

  Ciphertext add(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext sub(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext negate(const Ciphertext& a) const;
  Ciphertext add_plain(const Ciphertext& a, const Plaintext& b) const;
  Ciphertext sub_plain(const Ciphertext& a, const Plaintext& b) const;
  /// Adds the same real number to every slot, at the ciphertext's scale. Throws ParameterError for one that does not
  /// fit the modulus: |value * scale| >= Q / 2.
  Ciphertext add_scalar(const Ciphertext& a, double value) const;
  /// The same of a number that may be larger than the modulus, where only the sum has to fit it. Throws ParameterError
  /// for one that is not finite at the ciphertext's scale.
  Ciphertext add_scalar_modulo(const Ciphertext& a, double value) const;

  /// Scale of the result: the product of both.
  Ciphertext multiply_plain(const Ciphertext& a, const Plaintext& b) const;
  /// Times round(value * scale), in every slot; scale of the result: a.scale * scale. Throws ParameterError as above.
  Ciphertext multiply_scalar(const Ciphertext& a, double value, double scale) const;
  /// Times an integer; the scale stays.
  Ciphertext multiply_integer(const Ciphertext& a, std::int64_t value) const;
  /// Two parts each; three parts out, relinearise when it suits.
  Ciphertext multiply(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext square(const Ciphertext& a) const;
  /// Back to two parts; does nothing to a ciphertext that has two.
  Ciphertext relinearize(const Ciphertext& a) const;

  /// Division by the last prime and one limb less; any number of parts.
  Ciphertext rescale(const Ciphertext& a) const;
  /// Forgets limbs without touching the scale.
  Ciphertext drop_to(const Ciphertext& a, std::size_t limbs) const;

  /// Slot i of the result is slot i + steps of the input.
  Ciphertext rotate(const Ciphertext& a, std::int64_t steps) const;
  Ciphertext conjugate(const Ciphertext& a) const;
  /// Many rotations of one ciphertext for the price of one decomposition.
  std::vector<Ciphertext> rotate_hoisted(const Ciphertext& a, std::span<const std::int64_t> steps) const;
  /// One of them, where `digits` is switcher().decompose(a.parts[1]).
  Ciphertext rotate(const Ciphertext& a, const Decomposition& digits, std::int64_t steps) const;

 private:
  Ciphertext apply_galois(const Ciphertext& a, std::uint64_t element) const;
  /// `source`: a's second part or its digits.
  template <typename Source>
  Ciphertext switch_rotated(const Ciphertext& a, const Source& source, const GaloisKey& key) const;

  ContextPtr context_;
  std::shared_ptr<const EvaluationKeys> keys_;
  KeySwitcher switcher_;
};

/// Whether two scales are the same to within 2^-30 in proportion: the primes of a chain are only near to powers of two.
bool same_scale(double a, double b);

}  // namespace obscura::ckks
