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
  PackedRunner(compile::Program program, std::size_t memory_budget, ThreadPool* pool = nullptr);
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
    std::vector<circuits::Coefficient> coefficients;  // of a polynomial
  };

  Stage prepare_stage(std::size_t i, std::size_t memory_budget, ThreadPool* pool) const;
  Tensor gather(std::size_t i, const ckks::Evaluator& evaluator, const Values& values) const;
  std::vector<Tensor> multiply(const Stage& ready, const ckks::Evaluator& evaluator, std::vector<Tensor> inputs,
                               ThreadPool* pool) const;
  ckks::Ciphertext finish(std::size_t i, const Stage& ready, const ckks::Evaluator& evaluator, ckks::Ciphertext x,
                          std::size_t block) const;
  ckks::Ciphertext activate(std::size_t i, const Stage& ready, const ckks::Evaluator& evaluator,
                            ckks::Ciphertext x) const;

  std::vector<Stage> stages_;  ///< none where they are made ready by the run
  std::vector<std::size_t> last_use_;
};

}  // namespace obscura::runtime
