#pragma once

#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/compact.h"
#include "search/score_plan.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::search {

/// The side that searches: encrypts vectors and reads the scores of a gallery. Thread-safe.
class ScoreOwner {
 public:
  /// With a fresh secret key.
  explicit ScoreOwner(const ScorePlan& plan);
  /// With a key that was stored. Throws MismatchError for one of other parameters.
  ScoreOwner(const ScorePlan& plan, ckks::SecretKey key);

  const ScorePlan& plan() const { return plan_; }
  const ckks::ContextPtr& context() const { return context_; }
  const ckks::SecretKey& key() const { return key_; }
  /// What the server needs once: the rotations of the plan.
  ckks::SeededEvaluationKeys evaluation_keys(ThreadPool* pool = nullptr) const;

  /// `vector`: of plan().dimension numbers, of the plan's kind; of kind unit it is made to have length 1. Throws
  /// MismatchError for another length or kind, or a vector of zeros.
  ckks::SeededCiphertext encrypt(std::span<const float> vector) const;

  /// The scores of `rows` gallery vectors: of codes whole numbers, bits - 2 x the Hamming distance; else cosines, with
  /// added noise and rounded as DecryptOptions say. Throws MismatchError for replies that are not of this plan and so
  /// many rows, or whose scores no gallery can have: the answer is of another key, or was altered.
  std::vector<float> read(std::span<const ckks::CompactCiphertext> replies, std::size_t rows) const;

 private:
  void read_block(const ckks::CompactCiphertext& reply, std::span<float> scores) const;

  ScorePlan plan_;
  ckks::ContextPtr context_;
  ckks::SecretKey key_;
  ckks::Encoder encoder_;
  ckks::SecretEncryptor encryptor_;
  ckks::Decryptor decryptor_;
};

}  // namespace obscura::search
