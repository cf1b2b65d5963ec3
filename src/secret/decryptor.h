#pragma once

#include <atomic>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "ckks/compact.h"
#include "ckks/encoder.h"
#include "secret/finish.h"
#include "secret/secret_key.h"
#include "secret/secret_memory.h"

namespace obscura::ckks {

/// Slots as they decrypt, nothing added, nothing rounded: for checks, never to be shown, and wiped, because their
/// exact errors tell the key.
struct OpenedSlots {
  WipedVector<double> real, imaginary;
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

  /// The same before anything is added or rounded. Real messages have imaginary parts that are nothing but the error.
  OpenedSlots open(const CompactCiphertext& ciphertext) const;
  /// The degree / gap coefficients that it carries, divided by the scale, where those are the message: nothing added,
  /// nothing rounded.
  WipedVector<double> open_coefficients(const CompactCiphertext& ciphertext) const;
  /// What may be shown of real values that came out of a ciphertext with an error of standard deviation `noise`. What
  /// is added follows from the key, the ciphertext and its strength: the same answer gives the same values every time,
  /// so that asking again averages nothing.
  void finish(const CompactCiphertext& ciphertext, std::span<double> values, const DecryptOptions& options,
              double noise) const;

  std::uint64_t decryptions() const { return count_.load(); }

 private:
  void coefficients(const Ciphertext& ciphertext, double* out) const;
  void coefficients(const CompactCiphertext& ciphertext, double* out) const;
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

}  // namespace obscura::ckks
