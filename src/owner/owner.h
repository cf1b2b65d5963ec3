#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/file_stream.h"
#include "base/parallel.h"
#include "message/client_spec.h"
#include "message/messages.h"
#include "owner/reading.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::owner {

/// The side that holds the secret: encrypts images for a program and reads its answers. The server never links this.
/// Thread-safe.
class Owner {
 public:
  /// With a fresh secret key.
  explicit Owner(message::ClientSpec client);
  /// With a key that was stored. Throws MismatchError if it is of other parameters, or not the one that the client spec
  /// names.
  Owner(message::ClientSpec client, ckks::SecretKey key);

  /// With the id of the key in it.
  const message::ClientSpec& client() const { return client_; }
  const ckks::ContextPtr& context() const { return context_; }
  const ckks::SecretKey& key() const { return *key_; }

  /// What the server needs: keys for the rotations and products of the program, nothing else.
  ckks::SeededEvaluationKeys evaluation_keys(ThreadPool* pool = nullptr) const;
  /// The same as a file, of which few keys are in memory at a time. Throws what the sink throws.
  void write_evaluation_keys(const ByteSink& sink, ThreadPool* pool = nullptr) const;

  /// Preprocessed images (channels x height x width values each) as one query: up to
  /// client().images images. Throws MismatchError for another number or size.
  message::Query encrypt(std::span<const std::vector<float>> images, ThreadPool* pool = nullptr) const;

  /// Every image of the answer to the query of this ticket, judged. Throws MismatchError before anything is decrypted
  /// unless the program, the key, the query, the number of images and of ciphertexts, and each one's gap, modulus and
  /// scale are the only ones that they can be. Logits carry added noise and are rounded to what is honestly there; what
  /// is added is sqrt(2) times a bound on the error, the larger of the predicted one and the upper confidence limit of
  /// what this answer shows (`options` may ask for more: see secret/finish.h).
  std::vector<Reading> read(const message::Answer& answer, const message::Ticket& ticket,
                            const ckks::DecryptOptions& options = {}, ThreadPool* pool = nullptr) const;

  /// The logits alone. Throws MismatchError, too, if one image's answer fails its checks.
  std::vector<std::vector<double>> decrypt(const message::Answer& answer, const message::Ticket& ticket,
                                           ThreadPool* pool = nullptr) const;
  std::vector<std::vector<double>> decrypt(const message::Answer& answer, const message::Ticket& ticket,
                                           const ckks::DecryptOptions& options, ThreadPool* pool = nullptr) const;

  /// How many answers' ciphertexts this object has decrypted.
  std::uint64_t decryptions() const { return decryptor_.decryptions(); }

 private:
  void encrypt_packed(std::span<const std::vector<float>> images, std::span<ckks::SeededCiphertext> ciphertexts,
                      ThreadPool* pool) const;
  void encrypt_chunks(std::span<const std::vector<float>> pictures, message::Query& query, ThreadPool* pool) const;
  void encrypt_batched(std::span<const std::vector<float>* const> units, message::Query& query, ThreadPool* pool) const;
  void check_answer(const message::Answer& answer, const message::Ticket& ticket) const;

  message::ClientSpec client_;
  ckks::ContextPtr context_;
  std::unique_ptr<ckks::SecretKey> key_;
  ckks::Encoder encoder_;
  ckks::SecretEncryptor encryptor_;
  ckks::Decryptor decryptor_;
};

/// Bits behind the point that a logit is rounded to where its error, added noise included, has standard deviation
/// `error`: the unit is from one to two times that.
int logit_precision(double error);

/// Softmax, in a numerically safe way.
std::vector<double> softmax(std::span<const double> logits);

}  // namespace obscura::owner
