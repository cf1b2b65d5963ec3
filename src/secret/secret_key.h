#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/keys.h"
#include "secret/secret_memory.h"

namespace obscura::ckks {

/// The owner's secret: ternary coefficients, and their NTT form over every prime of the context (q first, then
/// special). In guarded memory, wiped when destroyed or assigned over; moved from, it holds nothing. Lives in a target
/// that the server does not link. There is no way to print one.
class SecretKey {
 public:
  /// From the operating system's generator.
  explicit SecretKey(ContextPtr context);
  /// From a known secret seed: tests and reproducible runs only.
  SecretKey(ContextPtr context, const ring::Seed& seed);
  /// From N stored coefficients in {-1, 0, 1}; throws FormatError for any other.
  SecretKey(ContextPtr context, std::span<const std::int8_t> coefficients);
  ~SecretKey() = default;
  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept = default;

  const ContextPtr& context() const { return context_; }
  /// Public; the same for the same parameters and coefficients, wherever they came from.
  const KeyId& id() const { return id_; }
  /// A secret seed that follows from the key and `purpose`: where randomness has to be the same at every call.
  ring::Seed derived_seed(std::span<const std::uint8_t> purpose) const;
  const GuardedVector<std::int8_t>& coefficients() const { return coefficients_; }
  /// N words in NTT form.
  const std::uint64_t* limb(ring::RnsPrime prime) const { return q_limb(context_->all_primes().row(prime)); }
  const std::uint64_t* q_limb(std::size_t i) const { return ntt_.data() + i * coefficients_.size(); }

 private:
  void draw(const ring::Seed& seed);
  void transform();
  ContextPtr context_;
  GuardedVector<std::int8_t> coefficients_;
  KeyId id_{};
  GuardedVector<std::uint64_t> ntt_;  ///< a row of N words a prime
};

/// Makes every other key from a secret one. Each key draws its own public seed and its own secret noise.
PublicKey make_public_key(const SecretKey& secret);
/// Throws ParameterError for limbs that the context does not have. The pool, if any, shares the work.
SeededEvaluationKeys make_evaluation_keys(const SecretKey& secret, const KeyRequest& request,
                                          ThreadPool* pool = nullptr);

}  // namespace obscura::ckks
