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

/// One polynomial split into key-switching digits, each raised to all primes of its level and the special ones (ModUp),
/// NTT form: what many rotations of one ciphertext share.
class Decomposition {
 public:
  std::size_t limbs() const { return limbs_; }
  std::size_t digits() const { return digits_.size(); }

 private:
  friend class KeySwitcher;
  std::size_t limbs_ = 0;
  std::vector<ring::Polynomial> digits_;  // limbs + special rows each
};

/// Two polynomials over q[0..limbs-1] and the special primes, NTT form: a ciphertext times P, before ModDown.
struct ExtendedCiphertext {
  ring::Polynomial c0;
  ring::Polynomial c1;
  std::size_t limbs = 0;
};

/// Hybrid key switching (Han and Ki, 2019/688) in its three steps, so that circuits can hoist them: decompose (ModUp),
/// the inner product with a key, and division by P (ModDown). Stateless; thread-safe.
class KeySwitcher {
 public:
  explicit KeySwitcher(ContextPtr context) : context_(std::move(context)) {}

  /// Splits `poly` (limbs rows, NTT form).
  Decomposition decompose(const ring::Polynomial& poly) const;

  /// out = sum_j digit_j key_j over Q and P. `out` is resized only if it does not fit.
  void inner_product(const Decomposition& digits, const KeySwitchKey& key, ExtendedCiphertext& out) const;

  /// One prime of the same: row < limbs is q[row], the special primes follow. r0 and r1: N words each.
  void inner_product_row(const Decomposition& digits, const KeySwitchKey& key, std::size_t row, std::uint64_t* r0,
                         std::uint64_t* r1) const;

  /// round(poly / P): `limbs` rows from limbs + special rows; the special rows of `poly` are spent.
  void mod_down(ring::Polynomial& poly, std::size_t limbs, ring::Polynomial& out) const;

  /// Takes row `row` of both results while it is in the cache; the words are scratch memory, free to change.
  using RowSink = std::function<void(std::size_t row, std::uint64_t* u0, std::uint64_t* u1)>;

  /// The whole switch over q[0..limbs-1], a few primes at a time through all of its steps, so that nothing but `poly`
  /// and the key is read from far away.
  void apply(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const;
  /// The same from digits that are there.
  void apply(const Decomposition& digits, const KeySwitchKey& key, const RowSink& sink) const;
  /// Without the division by P: rows of q, then of the special primes.
  void apply_extended(const ring::Polynomial& poly, const KeySwitchKey& key, const RowSink& sink) const;
  void apply(const ring::Polynomial& poly, const KeySwitchKey& key, ring::Polynomial& out0,
             ring::Polynomial& out1) const;

 private:
  class Digits;
  class StoredDigits;
  class FreshDigits;
  std::size_t rows_at_once(std::size_t digits) const;
  /// Rows first ... first + rows - 1 of both products, N words each, one behind the other.
  using GroupSink = std::function<void(std::size_t first, std::size_t rows, std::uint64_t* u0, std::uint64_t* u1)>;
  void product_groups(Digits& digits, const KeySwitchKey& key, std::size_t first, std::size_t last,
                      const GroupSink& sink) const;
  void divided(Digits& digits, const KeySwitchKey& key, const RowSink& sink) const;
  void check_key(const KeySwitchKey& key, std::size_t limbs) const;

  ContextPtr context_;
};

}  // namespace obscura::ckks
