#pragma once

#include "ckks/ciphertext.h"
#include "ckks/encoder.h"
#include "ckks/keys.h"

namespace obscura::ckks {

/// Encrypts with a public key: c = (b, a) u + (m + e_0, e_1), u ternary. Noise and u come from the operating system's
/// generator. Thread-safe.
class PublicEncryptor {
 public:
  /// Throws MismatchError for a key of another context.
  PublicEncryptor(ContextPtr context, const PublicKey& key);
  /// At the plaintext's limbs and scale. Throws MismatchError for one of another context.
  Ciphertext encrypt(const Plaintext& plaintext) const;

 private:
  ContextPtr context_;
  ring::Polynomial b_, a_;
};

}  // namespace obscura::ckks
