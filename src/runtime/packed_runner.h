#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "circuits/block_transform.h"
#include "circuits/linear_transform.h"
#include "circuits/polynomial.h"
#include "runtime/runner.h"

namespace obscura::runtime {

/// Images side by side in the slots of few ciphertexts: linear transforms by rotations, activations on all slots at
/// once.
class PackedRunner : public Runner {
 public:
  /// With kOneQuery as a budget, stages are made ready when a run comes to them.
  PackedRunner(program::Program program, std::size_t memory_budget, ThreadPool* pool = nullptr);
  std::vector<Replies> run_many(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                std::span<const Inputs> queries, const RunOptions& options) const override;
  std::size_t memory_bytes() const override;

 private:
  using Tensor = std::vector<ckks::Ciphertext>;  // the ciphertexts of one value
  using Values = std::vector<Tensor>;            // by value
  /// The encoded part of a stage.
  struct Stage {
    std::variant<std::monostate, circuits::LinearTransform, circuits::BlockTransform> matrix;
    std::vector<ckks::Plaintext> bias;
    std::vector<std::vector<circuits::Coefficient>> coefficients;  // of a polynomial, by ciphertext or once for all
  };

  /// What happens to the stages of one run.
  struct Course {
    const ckks::Evaluator& evaluator;
    const RunOptions& options;
    std::vector<double> seconds;  ///< of every stage
  };

  /// Stages [first, last) of several queries, or groups of chunks, together: their values are there up to `first`.
  void advance(Course& course, std::size_t first, std::size_t last, std::vector<Values>& values) const;
  void keep_trunk();
  Tensor run_picture(Course& course, const Inputs& query) const;
  Tensor merge(Course& course, const Inputs& query) const;
  void add_plain(Course& course, const Inputs& query, Tensor& merged) const;

  Stage prepare_stage(std::size_t i, std::size_t memory_budget, ThreadPool* pool) const;
  Tensor gather(std::size_t i, const ckks::Evaluator& evaluator, const Values& values) const;
  std::vector<Tensor> multiply(const Stage& ready, const ckks::Evaluator& evaluator, std::vector<Tensor> inputs,
                               ThreadPool* pool) const;
  ckks::Ciphertext finish(std::size_t i, const Stage& ready, const ckks::Evaluator& evaluator, ckks::Ciphertext x,
                          std::size_t block) const;
  ckks::Ciphertext activate(std::size_t i, const Stage& ready, const ckks::Evaluator& evaluator, ckks::Ciphertext x,
                            std::size_t block) const;

  std::vector<Stage> stages_;  ///< none where they are made ready by the run
  std::vector<std::size_t> last_use_;
  std::vector<program::Stage> trunk_;  ///< stages before the merge: for chunks in the clear, and places without a chunk
  std::vector<double> of_nothing_;     ///< what a place without a chunk adds to the sum over chunks
};

}  // namespace obscura::runtime
