#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/secret_decryptor.h"
#include "ckks/secret_encryptor.h"
#include "ckks/secret_key.h"
#include "compile/program.h"
#include "runtime/messages.h"

namespace obscura::owner {

/// The side that holds the secret: encrypts images for a program and reads its answers. The server never links this.
/// Thread-safe.
class Owner {
 public:
  /// With a fresh secret key.
  explicit Owner(compile::ClientPart client);
  /// With a key that was stored. Throws MismatchError if it is of other parameters.
  Owner(compile::ClientPart client, ckks::SecretKey key);

  const compile::ClientPart& client() const { return client_; }
  const ckks::ContextPtr& context() const { return context_; }
  const ckks::SecretKey& key() const { return *key_; }

  /// What the server needs: keys for these rotations and products, nothing else.
  ckks::SeededEvaluationKeys evaluation_keys(const ckks::KeyRequest& request) const;

  /// Preprocessed images (channels x height x width values each) as one query: up to
  /// client().images images. Throws MismatchError for another number or size.
  runtime::Query encrypt(std::span<const std::vector<float>> images, ThreadPool* pool = nullptr) const;

  /// Logits of every image of an answer, rounded to the precision that is honestly there.
  std::vector<std::vector<double>> decrypt(const runtime::Answer& answer, ThreadPool* pool = nullptr) const;
  /// As above with flooding and rounding as asked.
  std::vector<std::vector<double>> decrypt(const runtime::Answer& answer, const ckks::DecryptOptions& options,
                                           ThreadPool* pool = nullptr) const;

  /// How many answers' ciphertexts this object has decrypted.
  std::uint64_t decryptions() const { return decryptor_.decryptions(); }

 private:
  void encrypt_packed(std::span<const std::vector<float>> images, runtime::Query& query, ThreadPool* pool) const;

  compile::ClientPart client_;
  ckks::ContextPtr context_;
  std::unique_ptr<ckks::SecretKey> key_;
  ckks::Encoder encoder_;
  ckks::SecretEncryptor encryptor_;
  ckks::Decryptor decryptor_;
};

/// Rounding granularity that the predicted error of a logit justifies: bits behind the point.
int logit_precision(const compile::ClientPart& client);

/// Softmax, in a numerically safe way.
std::vector<double> softmax(std::span<const double> logits);

/// A key folder: secret.key (mode 0600), evaluation.key, client.part. Existing files are replaced one by one.
void save_keys(const std::filesystem::path& folder, const Owner& owner, const ckks::SeededEvaluationKeys& keys);
Owner load_owner(const std::filesystem::path& folder);

}  // namespace obscura::owner
