#pragma once

#include <vector>

#include "circuits/batched_product.h"
#include "runtime/runner.h"

namespace obscura::runtime {

/// One image a slot: every map is a product of integers with residues, activations are done value by value.
class BatchedRunner : public Runner {
 public:
  explicit BatchedRunner(compile::Program program);
  std::vector<ckks::CompactCiphertext> run(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                           const std::vector<ckks::Ciphertext>& query, ThreadPool* pool = nullptr,
                                           std::vector<StageTime>* times = nullptr) const override;
  std::size_t memory_bytes() const override { return 0; }

 private:
  using Values = std::vector<ckks::Ciphertext>;
  Values run_stage(std::size_t i, const ckks::Evaluator& evaluator, const Values& x, ThreadPool& pool) const;
  void activate(std::size_t i, const ckks::Evaluator& evaluator, Values& x, ThreadPool& pool) const;

  std::vector<circuits::BatchedProduct> products_;
};

}  // namespace obscura::runtime
