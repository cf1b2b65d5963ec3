#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ckks/compact.h"
#include "ckks/evaluator.h"
#include "search/forest.h"
#include "search/score_plan.h"

namespace obscura::search {

/// The vectors of a gallery, encoded for comparing with encrypted queries. Answering is thread-safe.
class ScoreTable {
 public:
  /// `vectors`: rows of plan.dimension numbers, +1 and -1 or of length 1, as the plan's kind says; rows of zeros, of
  /// kind unit, are places where nothing is and score nothing. Throws MismatchError for others.
  ScoreTable(const ScorePlan& plan, const FeatureTable& vectors, ThreadPool& pool);

  const ScorePlan& plan() const { return plan_; }
  const ckks::ContextPtr& context() const { return context_; }
  std::size_t rows() const { return rows_; }
  std::size_t memory_bytes() const;

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
  std::vector<std::vector<std::uint8_t>> blocks_;  // packed streams (ring/packed_stream.h), giant after giant
};

/// What a row has to be, for people, or nothing where it is: "of length 1, not 0.7".
std::string vector_problem(VectorKind kind, std::span<const float> row);

}  // namespace obscura::search
