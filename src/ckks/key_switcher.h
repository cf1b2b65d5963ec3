#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/context.h"
#include "ckks/keys.h"
#include "ring/polynomial.h"

namespace obscura::ckks {

/// One polynomial split into key-switching digits, each raised to all primes of its level and its special ones (ModUp),
/// NTT form: what many rotations of one ciphertext share.
class Decomposition {
 public:
  /// Of the parameters that it belongs to.
  const Digest& context() const { return context_; }
  /// Of every digit: Context::extended of the level.
  const ring::RnsBasis& basis() const { return basis_; }
  std::size_t limbs() const { return basis_.limbs(); }
  std::size_t digits() const { return digits_.size(); }

 private:
  friend class KeySwitcher;
  Digest context_{};
  ring::RnsBasis basis_;
  std::vector<ring::Polynomial> digits_;
};

/// Hybrid key switching (Han and Ki, 2019/688) in its three steps, so that circuits can hoist them: decompose (ModUp),
/// the inner product with a key, and division by P (ModDown). Stateless; thread-safe.
class KeySwitcher {
 public:
  explicit KeySwitcher(ContextPtr context) : context_(std::move(context)) {}

  /// Splits `poly` (a row for each prime of its level, NTT form).
  Decomposition decompose(const ring::Polynomial& poly) const;

  /// One row of sum_j digit_j key_j, a ciphertext times P over the basis of the digits. r0 and r1: N words each. Throws
  /// MismatchError for digits or a key of other parameters, or a key of a lower level.
  void inner_product_row(const Decomposition& digits, const KeySwitchKey& key, std::size_t row, std::uint64_t* r0,
                         std::uint64_t* r1) const;

  /// round(poly / P) for a polynomial over `basis`, a Context::extended: one over its level. The special rows of `poly`
  /// are spent; `out` is resized only if it does not fit.
  void mod_down(ring::Polynomial& poly, const ring::RnsBasis& basis, ring::Polynomial& out) const;

  /// Takes row `row` of both results while it is in the cache; the words are scratch memory, free to change.
  using RowSink = std::function<void(std::size_t row, std::uint64_t* u0, std::uint64_t* u1)>;

  /// The whole switch over the level of `poly`, a few primes at a time through all of its steps, so that nothing but
  /// `poly` and the key is read from far away. Throws as inner_product_row.
  void apply(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const;
  /// The same from digits that are there.
  void apply(const Decomposition& digits, const KeySwitchKey& key, const RowSink& sink) const;
  /// The second product divided, the first not: rows of Context::extended(poly.limbs()), and of the special primes
  /// u1 is nullptr. What is added up over many switches is divided once, at the end.
  void apply_half_extended(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const;
  /// Without the division by P: rows of Context::extended(poly.limbs()).
  void apply_extended(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const;

 private:
  class Digits;
  class StoredDigits;
  class FreshDigits;
  std::size_t rows_at_once(std::size_t digits) const;
  /// Rows first ... first + rows - 1 of both products, N words each, one behind the other.
  using GroupSink = std::function<void(std::size_t first, std::size_t rows, std::uint64_t* u0, std::uint64_t* u1)>;
  void product_groups(Digits& digits, const KeySwitchKey& key, std::size_t first, std::size_t last,
                      const GroupSink& sink) const;
  /// `both`: else the second product alone, and the first as it is.
  void divided(Digits& digits, const KeySwitchKey& key, bool both, const RowSink& sink) const;
  void check_key(const KeySwitchKey& key, const ring::RnsBasis& basis) const;
  void check_digits(const Decomposition& digits) const;

  ContextPtr context_;
};

}  // namespace obscura::ckks
