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
  /// The basis of a level and all special primes: what key switching works on.
  ring::RnsBasis extended(std::size_t limbs) const { return {limbs, p_.size()}; }
  /// log2 of q[0] ... q[limbs - 1].
  double log_q(std::size_t limbs) const;
  double log_qp() const;
  int security_bits() const;

  /// P mod q[i].
  std::uint64_t p_mod_q(std::size_t i) const { return p_mod_q_[i]; }
  /// Division by P from a value over q[0..] and all special primes: the end of a key switch.
  const ring::ModDown& mod_down() const { return *mod_down_; }
  /// Division by q[limbs - 1] from `limbs` limbs.
  const ring::ModDown& rescale(std::size_t limbs) const { return *rescale_[limbs]; }
  /// From the primes of a digit at a level to all other primes of that level and the special ones, in that order.
  const ring::BaseConverter& mod_up(std::size_t limbs, std::size_t digit) const { return *mod_up_[limbs][digit]; }

  /// Scratch memory of everything that runs on this context. Thread-safe.
  ScratchPool& scratch() const { return scratch_; }

 private:
  explicit Context(const Parameters& parameters);
  void precompute_key_switching();

  Parameters parameters_;
  Digest digest_{};
  std::size_t degree_;
  std::vector<ring::PrimeRing> q_;
  std::vector<ring::PrimeRing> p_;
  std::vector<std::uint64_t> p_mod_q_;
  std::unique_ptr<ring::ModDown> mod_down_;
  std::vector<std::unique_ptr<ring::ModDown>> rescale_;
  std::vector<std::vector<std::unique_ptr<ring::BaseConverter>>> mod_up_;
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
