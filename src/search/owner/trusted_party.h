#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/encoder.h"
#include "ckks/keys.h"
#include "search/trusted_messages.h"
#include "secret/decryptor.h"
#include "secret/secret_key.h"

namespace obscura::search {

/// Someone with a key pair, in mode trusted: the server has one, and who asks has one. Thread-safe.
class TrustedParty {
 public:
  /// Makes both keys, fresh.
  explicit TrustedParty(const ckks::ContextPtr& context);

  const ckks::PublicKey& published() const { return published_; }

  /// Numbers for whoever holds the secret of `key`: trusted_ciphertexts() of them.
  std::vector<ckks::Ciphertext> encrypt_for(const ckks::PublicKey& key, std::span<const double> numbers) const;
  /// What others sent here: `count` numbers, rounded as decryption rounds. Throws MismatchError for fewer ciphertexts.
  std::vector<double> open(std::span<const ckks::Ciphertext> sent, std::size_t count) const;
  /// The same of bytes. Throws MismatchError where a number is no byte: it was encrypted under another key, or altered.
  std::vector<std::uint8_t> open_bytes(std::span<const ckks::Ciphertext> sent, std::size_t count) const;

 private:
  ckks::SecretKey key_;
  ckks::Encoder encoder_;
  ckks::Decryptor decryptor_;
  ckks::PublicKey published_;
};

}  // namespace obscura::search
