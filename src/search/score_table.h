#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/compact.h"
#include "ckks/evaluator.h"
#include "search/forest.h"
#include "search/score_plan.h"

namespace obscura::search {

/// Bytes of a word of encoded vectors, and of a block of plan.slots() of them.
std::size_t score_word_bytes(const ScorePlan& plan);
std::size_t score_block_bytes(const ScorePlan& plan);

/// Blocks that were encoded before, and what holds their bytes. An empty span is a block that is to be encoded.
struct KeptBlocks {
  std::shared_ptr<const void> keep;
  std::vector<std::span<const std::uint8_t>> blocks;  ///< empty, or one a block
};

/// The vectors of a gallery, encoded for comparing with encrypted queries. Answering is thread-safe.
class ScoreTable {
 public:
  /// `vectors`: rows of plan.dimension numbers, +1 and -1 or of length 1, as the plan's kind says; rows of zeros, of
  /// kind unit, are places where nothing is and score nothing. Throws MismatchError for others.
  /// `kept`: blocks of these very vectors. Throws MismatchError, too, for another number or size of those.
  ScoreTable(const ScorePlan& plan, const FeatureTable& vectors, ThreadPool& pool, KeptBlocks kept = {});

  const ScorePlan& plan() const { return plan_; }
  const ckks::ContextPtr& context() const { return context_; }
  std::size_t rows() const { return rows_; }
  std::size_t memory_bytes() const;
  /// The bytes of an encoded block.
  std::span<const std::uint8_t> block(std::size_t b) const { return blocks_[b]; }

  /// The scores of all rows, a block of plan().slots() of them a ciphertext. `query`: one ciphertext of the plan's
  /// scale; the evaluator has the keys of its owner. Throws MismatchError for a query or keys of another plan.
  std::vector<ckks::CompactCiphertext> scores(const ckks::Ciphertext& query, const ckks::Evaluator& evaluator,
                                              ThreadPool& pool) const;

 private:
  void encode_block(const ckks::Encoder& encoder, const FeatureTable& vectors, std::size_t block);
  std::size_t giant_bytes() const;

  ScorePlan plan_;
  ckks::ContextPtr context_;
  std::size_t rows_ = 0;
  std::size_t word_bytes_ = 8;
  // Packed streams (ring/packed_stream.h), giant after giant: in own memory, or kept by somebody else.
  std::vector<std::span<const std::uint8_t>> blocks_;
  std::vector<std::vector<std::uint8_t>> own_;
  std::shared_ptr<const void> keep_;
};

/// What a row has to be, for people, or nothing where it is: "of length 1, not 0.7".
std::string vector_problem(VectorKind kind, std::span<const float> row);

}  // namespace obscura::search
