#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ring/prime_ring.h"
#include "ring/random.h"

namespace obscura::security {

/// CKKS as the paper RCNN_CKKS prints its parameters: polynomials of degree 8 and a modulus of 600 bits, here ten
/// primes of 60. Its ciphertexts pass every test of randomness, and its key falls to a lattice of 17 dimensions. Made
/// of the ring that everything else here runs on; the only thing that is wrong with it is its size.
class ToyRing {
 public:
  static constexpr std::size_t kDegree = 8;
  static constexpr std::size_t kPrimes = 10;
  static constexpr int kPrimeBits = 60;

  using Small = std::array<std::int8_t, kDegree>;
  using Residues = std::array<std::array<std::uint64_t, kDegree>, kPrimes>;  ///< a row a prime, coefficients in order

  ToyRing();

  double log_q() const;
  const std::vector<ring::PrimeRing>& primes() const { return primes_; }

  Residues uniform(const ring::Seed& seed, std::uint64_t stream) const;
  Residues lift(const Small& small) const;
  Residues add(const Residues& a, const Residues& b) const;
  /// Modulo X^8 + 1 and every prime.
  Residues multiply(const Residues& a, const Residues& b) const;
  /// The share of q that coefficient k is, in [0, 1), to 50 bits: what the residues say by the Chinese remainder
  /// theorem.
  long double share_of_q(const Residues& a, std::size_t k) const;
  /// Coefficient k if it is smaller than `most` (below 2^58) and the same modulo every prime.
  std::optional<std::int64_t> small(const Residues& a, std::size_t k, std::int64_t most) const;

 private:
  std::vector<ring::PrimeRing> primes_;
  std::vector<std::uint64_t> inverse_;  ///< of q / q_i modulo q_i
};

/// b = e - a s
struct ToyPublicKey {
  ToyRing::Residues a, b;
};
struct ToyCiphertext {
  ToyRing::Residues c0, c1;
};
struct ToyKeys {
  ToyRing::Small secret;
  ToyPublicKey open;
};

/// Eight numbers of at most 8 bits.
using ToyMessage = std::array<int, ToyRing::kDegree>;

ToyKeys toy_keys(const ToyRing& ring, const ring::Seed& seed);
ToyCiphertext toy_encrypt(const ToyRing& ring, const ToyPublicKey& key, const ToyMessage& message,
                          const ring::Seed& seed);
/// By who has the secret, with a uniform half of its own. What the public key encrypts is masked by one of only 3^8
/// ternary polynomials, so that masks come again: of 108 ciphertexts two share one more often than not, and then a test
/// of randomness may see the repetition.
ToyCiphertext toy_encrypt_by_owner(const ToyRing& ring, const ToyRing::Small& secret, const ToyMessage& message,
                                   const ring::Seed& seed);
ToyMessage toy_decrypt(const ToyRing& ring, const ToyRing::Small& secret, const ToyCiphertext& ciphertext);

/// Whether b + a s is as small as an error in all of its coefficients, modulo all primes.
bool explains(const ToyRing& ring, const ToyPublicKey& key, const ToyRing::Small& secret);

/// The secret, from the public key alone. The 600 bits are scaled down to 40, which turns the error into a rounding of
/// less than 5; then the secret is the shortest vector of a lattice of 17 dimensions, which LLL finds. What it finds is
/// checked with explains(), on all 600 bits. Nothing if that fails, as it does if b is random. A millisecond or so.
std::optional<ToyRing::Small> recover_secret(const ToyRing& ring, const ToyPublicKey& key);

}  // namespace obscura::security
