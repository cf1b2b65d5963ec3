#pragma once

#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/compact.h"
#include "search/encrypted_plan.h"
#include "search/forest.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::search {

/// The owner of an encrypted gallery: encrypts its vectors and queries under one key, and reads the scores.
/// Thread-safe.
class EncryptedGalleryOwner {
 public:
  /// With a fresh secret key.
  explicit EncryptedGalleryOwner(const EncryptedScorePlan& plan);
  /// With a key that is there (secret/wire.h), of this plan or another: all have the same parameters. Throws
  /// MismatchError for a key of other parameters.
  EncryptedGalleryOwner(const EncryptedScorePlan& plan, ckks::SecretKey key);
  EncryptedGalleryOwner(const EncryptedGalleryOwner&) = delete;
  EncryptedGalleryOwner& operator=(const EncryptedGalleryOwner&) = delete;

  const EncryptedScorePlan& plan() const { return plan_; }
  const ckks::ContextPtr& context() const { return key_.context(); }
  const ckks::SecretKey& key() const { return key_; }
  /// What the server needs once.
  ckks::SeededEvaluationKeys evaluation_keys(ThreadPool* pool = nullptr) const;

  /// Block `block` of a gallery, a ciphertext a number. `vectors`: rows of plan().dimension numbers, of the plan's
  /// kind; rows of zeros, of either kind, are places where nothing is, and their score is 0. Throws MismatchError for
  /// other rows, UsageError for a block that there is not.
  std::vector<ckks::SeededCiphertext> encrypt_block(const FeatureTable& vectors, std::size_t block,
                                                    ThreadPool& pool) const;

  /// A query of plan().pieces() ciphertexts. `vector`: of plan().dimension numbers, of the plan's kind; of kind unit it
  /// is made to have length 1. Throws MismatchError for another length or kind, or a vector of zeros.
  std::vector<ckks::SeededCiphertext> encrypt(std::span<const float> vector) const;

  /// The scores of `rows` places: of codes whole numbers, bits - 2 x the Hamming distance; else cosines, with added
  /// noise and rounded as DecryptOptions say. A place where nothing is has score 0 (about 0 of kind unit): who asks
  /// knows which those are. Throws MismatchError for replies that are not of this plan and so many rows, or whose
  /// scores no gallery can have: the answer is of another key, or was altered.
  std::vector<float> read(std::span<const ckks::CompactCiphertext> replies, std::size_t rows) const;

 private:
  ckks::SeededCiphertext encrypt_number(const FeatureTable& vectors, std::size_t first, std::size_t number) const;
  ckks::SeededCiphertext encrypt_coefficients(std::span<const double> values, double scale) const;
  void read_block(const ckks::CompactCiphertext& reply, std::span<float> scores) const;
  float code_score(double value) const;

  EncryptedScorePlan plan_;
  ckks::SecretKey key_;
  ckks::SecretEncryptor encryptor_;
  ckks::Decryptor decryptor_;
};

}  // namespace obscura::search
