#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "ckks/digest.h"
#include "ckks/parameters.h"
#include "ring/prime_ring.h"
#include "ring/rns.h"
#include "ring/rns_basis.h"

namespace obscura::ckks {

/// Checked parameters and everything that can be computed from them ahead of time. Immutable and shared: make one,
/// hand out `std::shared_ptr<const Context>`, use it from any thread.
///
/// Levels are counted in limbs: a value with `limbs` = l lives modulo q[0] ... q[l-1]; rescaling takes one away. What
/// has rows over special primes, too, says so by its basis (ring::RnsBasis).
class Context {
 public:
  /// Throws ParameterError for primes that do not fit the ring, digits larger than the special modulus allows, or less
  /// than 128-bit security on Q P without `insecure`.
  static std::shared_ptr<const Context> create(const Parameters& parameters);

  const Parameters& parameters() const { return parameters_; }
  const Digest& digest() const { return digest_; }
  std::size_t degree() const { return degree_; }
  std::size_t slots() const { return degree_ / 2; }
  std::size_t max_limbs() const { return q_.size(); }
  std::size_t special_limbs() const { return p_.size(); }
  /// Key-switching digits that a value with `limbs` limbs splits into.
  std::size_t digits(std::size_t limbs) const { return (limbs + parameters_.digit_size - 1) / parameters_.digit_size; }
  const ring::PrimeRing& q(std::size_t i) const { return q_[i]; }
  const ring::PrimeRing& p(std::size_t i) const { return p_[i]; }
  const ring::PrimeRing& ring(ring::RnsPrime prime) const { return prime.special ? p_[prime.index] : q_[prime.index]; }
  /// Of a row of a basis that the context has.
  const ring::PrimeRing& ring(const ring::RnsBasis& basis, std::size_t row) const { return ring(basis.prime(row)); }
  /// The basis of a level and the special primes that it takes (special_primes): what key switching works on.
  ring::RnsBasis extended(std::size_t limbs) const { return {limbs, levels_[limbs].special}; }
  /// Every prime.
  ring::RnsBasis all_primes() const { return {q_.size(), p_.size()}; }
  /// log2 of q[0] ... q[limbs - 1].
  double log_q(std::size_t limbs) const;
  double log_qp() const;
  int security_bits() const;

  /// P mod q[i], of all special primes: the factor in keys.
  std::uint64_t key_factor(std::size_t i) const { return key_factor_[i]; }
  /// P mod q[i], of the special primes of a level.
  std::uint64_t p_mod_q(std::size_t limbs, std::size_t i) const { return levels_[limbs].p_mod_q[i]; }
  /// Modulo q[0..], the inverse of the product of the special primes that a level leaves out; empty where it has all.
  const std::vector<std::uint64_t>& left_out_inverse(std::size_t limbs) const {
    return levels_[limbs].left_out_inverse;
  }
  /// Division by P from a value over q[0..] and the special primes of a level: the end of a key switch.
  const ring::ModDown& mod_down(std::size_t limbs) const { return *levels_[limbs].mod_down; }
  /// Division by q[limbs - 1] from `limbs` limbs.
  const ring::ModDown& rescale(std::size_t limbs) const { return *levels_[limbs].rescale; }
  /// From the primes of a digit at a level to all other primes of that level and its special ones, in that order.
  const ring::BaseConverter& mod_up(std::size_t limbs, std::size_t digit) const {
    return *levels_[limbs].mod_up[digit];
  }

  /// Scratch memory of everything that runs on this context. Thread-safe.
  ScratchPool& scratch() const { return scratch_; }

 private:
  struct Level {
    std::size_t special = 0;
    std::vector<std::uint64_t> p_mod_q, left_out_inverse;
    std::shared_ptr<const ring::ModDown> mod_down;  ///< levels of as many special primes share it
    std::unique_ptr<ring::ModDown> rescale;
    std::vector<std::unique_ptr<ring::BaseConverter>> mod_up;
  };

  explicit Context(const Parameters& parameters);
  Level make_level(std::size_t limbs) const;
  /// p[first] ... p[last-1] modulo q[i].
  std::uint64_t special_product(std::size_t first, std::size_t last, std::size_t i) const;

  Parameters parameters_;
  Digest digest_{};
  std::size_t degree_;
  std::vector<ring::PrimeRing> q_;
  std::vector<ring::PrimeRing> p_;
  std::vector<std::uint64_t> key_factor_;
  std::vector<Level> levels_;  // by limbs; that of none is empty
  mutable ScratchPool scratch_;
};

using ContextPtr = std::shared_ptr<const Context>;

/// Throws MismatchError with both digests unless `digest`, which `what` carries, is that of the context's parameters.
void require_context(const Context& context, const Digest& digest, std::string_view what);

/// body(ring, row) for every row of a basis that the context has.
template <typename Body>
void for_rows(const Context& context, const ring::RnsBasis& basis, Body&& body) {
  for (std::size_t row = 0; row < basis.rows(); ++row) body(context.ring(basis, row), row);
}

}  // namespace obscura::ckks
