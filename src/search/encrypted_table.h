#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/compact.h"
#include "ckks/evaluator.h"
#include "search/encrypted_plan.h"

namespace obscura::search {

/// The vectors of an encrypted gallery, ready to be compared with encrypted queries by who has no key: what a server
/// holds. Answering is thread-safe; putting blocks is not.
class EncryptedScoreTable {
 public:
  /// Of `rows` places, in blocks that are put one by one; `key` is whose gallery it is. Throws as Context::create.
  EncryptedScoreTable(const EncryptedScorePlan& plan, const ckks::KeyId& key, std::size_t rows);

  const EncryptedScorePlan& plan() const { return plan_; }
  const ckks::ContextPtr& context() const { return context_; }
  const ckks::KeyId& key() const { return key_; }
  std::size_t rows() const { return rows_; }
  /// Of all blocks: both parts of degree() residues for every number of a block's vectors.
  std::size_t memory_bytes() const;

  /// More places, or fewer: blocks that are no longer there are given up, new ones are to be put.
  void resize(std::size_t rows);

  /// The ciphertexts of a block, one a number; takes the place of what was there. Throws UsageError for a block that
  /// there is not, MismatchError for ciphertexts of another plan.
  void put(std::size_t block, std::span<const ckks::SeededCiphertext> numbers, ThreadPool& pool);

  /// The scores of all rows, a block of plan().block_rows() of them a ciphertext, as its coefficients. `query`:
  /// plan().pieces() ciphertexts; the evaluator has the keys of the gallery's owner. Throws MismatchError for a query
  /// or keys of another plan, for keys of another owner, and where a block was not put.
  std::vector<ckks::CompactCiphertext> scores(std::span<const ckks::SeededCiphertext> query,
                                              const ckks::Evaluator& evaluator, ThreadPool& pool) const;

 private:
  struct Sums;
  void check(const ckks::Evaluator& evaluator) const;
  std::size_t part_bytes() const;
  void add_products(std::span<const ckks::Ciphertext> query, std::size_t from, std::size_t words,
                    std::vector<Sums>& sums) const;
  ckks::CompactCiphertext reply(const Sums& sums, const ckks::Evaluator& evaluator) const;

  EncryptedScorePlan plan_;
  ckks::ContextPtr context_;
  ckks::KeyId key_{};
  std::size_t rows_ = 0;
  std::size_t word_bytes_ = 8;
  /// Packed streams (ring/packed_stream.h): the first parts of all numbers, then the second ones. Empty: not put.
  std::vector<std::vector<std::uint8_t>> blocks_;
};

}  // namespace obscura::search
