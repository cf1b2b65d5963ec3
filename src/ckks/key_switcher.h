#pragma once

#include <cstddef>
#include <cstdint>
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

  /// The whole switch: two polynomials over q[0..limbs-1].
  void apply(const ring::Polynomial& poly, const KeySwitchKey& key, ring::Polynomial& out0,
             ring::Polynomial& out1) const;

 private:
  ContextPtr context_;
};

}  // namespace obscura::ckks
