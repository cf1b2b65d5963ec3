#pragma once

#include <atomic>
#include <complex>
#include <cstdint>
#include <vector>

#include "ckks/compact.h"
#include "ckks/encoder.h"
#include "ckks/secret_key.h"

namespace obscura::ckks {

/// How results leave the decryptor. CKKS decryptions carry the noise, and noise shown to others leaks the key
/// (Li and Micciancio, 2020/1533): results are for the owner; what may travel further is flooded.
struct DecryptOptions {
  /// Round results to this many bits behind the point; negative: to what the noise bound says is there (see
  /// honest_precision); 64 and more: not at all (tests, measurements).
  int fraction_bits = -1;
  /// Add Gaussian noise of sigma = sqrt(12 tau) 2^(statistical_bits / 2) times the noise bound, tau = flood_queries
  /// (Li, Micciancio, Schultz, Sorrell, 2022/816). 0: none.
  std::uint64_t flood_queries = 0;
  int statistical_bits = 30;
};

/// Decrypts and counts how often it did. Thread-safe. The key must outlive it.
class Decryptor {
 public:
  explicit Decryptor(const SecretKey& key);

  /// Slots of a ciphertext of two or three parts. `noise` is the standard deviation of the error in a slot that the
  /// caller expects (0: the noise of a fresh encryption plus one rescaling at this scale).
  std::vector<std::complex<double>> decrypt(const Ciphertext& ciphertext, const DecryptOptions& options = {},
                                            double noise = 0) const;
  std::vector<double> decrypt_real(const Ciphertext& ciphertext, const DecryptOptions& options = {},
                                   double noise = 0) const;
  /// Coefficients c_0 + c_1 s + ... divided by the scale, centred, in double precision; no rounding, no flooding.
  std::vector<double> decrypt_coefficients(const Ciphertext& ciphertext) const;

  /// The period's slots (degree / gap / 2 of them, real parts) of a compact reply.
  std::vector<double> decrypt(const CompactCiphertext& ciphertext, const DecryptOptions& options = {},
                              double noise = 0) const;

  std::uint64_t decryptions() const { return count_.load(); }

 private:
  void coefficients(const Ciphertext& ciphertext, double* out) const;
  void slots(const Ciphertext& ciphertext, const DecryptOptions& options, double noise, std::size_t wanted,
             double* out) const;

  const SecretKey* key_;
  Encoder encoder_;
  mutable std::atomic<std::uint64_t> count_{0};
};

/// The standard deviation in (the real part of) a slot of the error of a fresh symmetric encryption or a rescaling,
/// whichever is larger, divided by `scale`.
double base_noise(const Context& context, double scale);

/// The same for a compact reply: the last rescaling and the switch to 2^bits, averaged over the period.
double compact_noise(const Context& context, const CompactCiphertext& ciphertext);

/// Bits behind the point that survive an error of this standard deviation: floor(-log2(noise)) - 3... 0 at least.
int honest_precision(double noise);

}  // namespace obscura::ckks
