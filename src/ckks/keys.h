#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "ckks/context.h"
#include "ring/polynomial.h"
#include "ring/random.h"

namespace obscura::ckks {

/// (b, a) with b = -a s + e over q[0..max-1]: anyone can encrypt with it. `a` is the expansion of the seed.
struct PublicKey {
  Digest context{};
  ring::Polynomial b;
  ring::Seed seed{};
  KeyId key{};  ///< whose it is
};

/// A key-switching key in the shape that travels: for every digit j, b_j = -a_j s_to + e_j + P W_j s_from modulo
/// q[0] ... q[limbs-1] and the special primes that this level takes (special_primes), where P W_j is P, of all special
/// primes, on the primes of digit j and 0 elsewhere (Han and Ki, 2019/688). a_j is uniform from the seed, one stream a
/// prime (key_stream). Usable on values of at most `limbs` limbs: shorter keys are smaller.
struct SeededKeySwitchKey {
  ring::Seed seed{};
  std::size_t limbs = 0;
  std::vector<ring::Polynomial> b;  // one a digit, limbs + special rows, NTT form
};

/// The stream of a_j modulo a prime: j * 256 + i for q[i], j * 256 + 128 + k for special prime k.
std::uint64_t key_stream(std::size_t digit, ring::RnsPrime prime);

/// The same, expanded and laid out for ring::key_product: one packed stream a prime.
class KeySwitchKey {
 public:
  KeySwitchKey() = default;
  /// Throws MismatchError if it does not have the shape of this context. The pool, if any, shares the rows.
  KeySwitchKey(const Context& context, const SeededKeySwitchKey& seeded, ThreadPool* pool = nullptr);
  /// The N words of b_digit at a row (the q, then the special primes): where they are, or written to `scratch` first.
  using RowsOfB = std::function<const std::uint64_t*(std::size_t digit, std::size_t row, std::uint64_t* scratch)>;
  /// Of 1 ... max_limbs() limbs, from rows that come one by one.
  KeySwitchKey(const Context& context, std::size_t limbs, const ring::Seed& seed, const RowsOfB& b,
               ThreadPool* pool = nullptr);

  /// Of the parameters that it belongs to.
  const Digest& context() const { return context_; }
  /// The level that it serves, and its special primes.
  const ring::RnsBasis& basis() const { return basis_; }
  std::size_t limbs() const { return basis_.limbs(); }
  std::size_t digits() const { return digits_; }
  std::size_t memory_bytes() const { return words_.size() * sizeof(std::uint64_t); }
  /// The packed stream (ring/packed_stream.h) of a prime of its basis.
  const std::uint8_t* stream(ring::RnsPrime prime) const {
    return reinterpret_cast<const std::uint8_t*>(words_.data()) + begin_[basis_.row(prime)];
  }

 private:
  Digest context_{};
  ring::RnsBasis basis_;
  std::size_t digits_ = 0;
  std::vector<std::size_t> begin_;  // of each row, in bytes
  AlignedWords words_;
};

/// A rotation or conjugation: the key leads from s to sigma^-1(s), so that sigma is applied once, after the inner
/// product with the shared digits (and not to every digit before it).
struct GaloisKey {
  KeySwitchKey key;
  std::vector<std::uint32_t> permutation;  // ntt_automorphism of the element
};

/// Which keys a program needs: Galois element -> limbs of the highest value it is applied to; relin_limbs = 0: none.
struct KeyRequest {
  std::map<std::uint64_t, std::size_t> galois;
  std::size_t relin_limbs = 0;

  /// Adds a rotation by `steps` (to the left) of values of up to `limbs` limbs.
  void rotation(std::int64_t steps, std::size_t limbs, std::size_t degree);
  void conjugation(std::size_t limbs, std::size_t degree);
  void relinearisation(std::size_t limbs);
};

/// What the owner gives to the server: nothing in it decrypts. Seeded form, as it travels and is stored.
struct SeededEvaluationKeys {
  Digest context{};
  std::optional<SeededKeySwitchKey> relin;
  std::map<std::uint64_t, SeededKeySwitchKey> galois;
  KeyId key{};  ///< of the secret key that they belong to
};

/// Expanded evaluation keys. Immutable once made; share between threads.
class EvaluationKeys {
 public:
  EvaluationKeys() = default;
  /// Throws MismatchError if they belong to another context.
  EvaluationKeys(const Context& context, const SeededEvaluationKeys& seeded, ThreadPool* pool = nullptr);
  /// Of keys that were expanded one by one, all of the context of that digest.
  EvaluationKeys(const Digest& context, const KeyId& key, std::optional<KeySwitchKey> relin,
                 std::map<std::uint64_t, GaloisKey> galois)
      : context_(context), key_(key), relin_(std::move(relin)), galois_(std::move(galois)) {}

  /// Throws MismatchError that names what is missing.
  const KeySwitchKey& relin(std::size_t limbs) const;
  const GaloisKey& galois(std::uint64_t element, std::size_t limbs) const;
  /// Of the parameters that they belong to.
  const Digest& context() const { return context_; }
  /// Of the secret key that they belong to.
  const KeyId& key() const { return key_; }
  std::size_t memory_bytes() const;

 private:
  Digest context_{};
  KeyId key_{};
  std::optional<KeySwitchKey> relin_;
  std::map<std::uint64_t, GaloisKey> galois_;
};

}  // namespace obscura::ckks
