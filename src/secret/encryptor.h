#pragma once

#include <cstdint>
#include <span>

#include "ckks/encoder.h"
#include "secret/secret_key.h"

namespace obscura::ckks {

/// Symmetric encryption by the owner: c_1 uniform from a fresh public seed, c_0 = -c_1 s + m + e; the noise comes from
/// an independent secret stream. The key must outlive it. Thread-safe.
class SecretEncryptor {
 public:
  explicit SecretEncryptor(const SecretKey& key);
  /// At the plaintext's limbs and scale. All throw MismatchError for a plaintext or an encoder of another context.
  SeededCiphertext encrypt(const Plaintext& plaintext) const;
  /// Encoding and encryption in one pass, the fast way: the noise is added to the coefficients, so each prime costs one
  /// transform. `values` as for Encoder::encode.
  SeededCiphertext encrypt(const Encoder& encoder, std::span<const double> values, double scale,
                           std::size_t limbs) const;
  /// The same for values that repeat, as Encoder::encode_periodic.
  SeededCiphertext encrypt_periodic(const Encoder& encoder, std::span<const double> values, double scale,
                                    std::size_t limbs) const;

 private:
  /// `message`: integer coefficients in doubles; overwritten.
  SeededCiphertext encrypt_rounded(double* message, double largest, double scale, std::size_t limbs) const;
  SeededCiphertext fresh(double scale, std::size_t limbs) const;
  void mask(SeededCiphertext& ciphertext, std::size_t limb, std::uint64_t* scratch) const;
  void check(const Encoder& encoder) const;

  const SecretKey* key_;
};

}  // namespace obscura::ckks
