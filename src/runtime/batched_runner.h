#pragma once

#include <vector>

#include "circuits/batched_product.h"
#include "runtime/runner.h"

namespace obscura::runtime {

/// One image a slot: every map is a product of integers with residues, activations are done value by value.
class BatchedRunner : public Runner {
 public:
  explicit BatchedRunner(program::Program program);
  std::vector<Replies> run_many(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                std::span<const Inputs> queries, const RunOptions& options) const override;
  std::size_t memory_bytes() const override { return 0; }

 private:
  using Tensor = std::vector<ckks::Ciphertext>;  // a ciphertext a value
  bool reads_query_alone(std::size_t i, const Tensor& query) const;
  Tensor gather(std::size_t i, const ckks::Evaluator& evaluator, const Tensor& query,
                std::vector<Tensor>& values) const;
  void sum_chunks(std::size_t i, const ckks::Evaluator& evaluator, ckks::Ciphertext& x) const;
  void correct_empty_slots();
  Tensor run_stage(std::size_t i, const ckks::Evaluator& evaluator, const Tensor& x, const RunOptions& options) const;
  void activate(std::size_t i, const ckks::Evaluator& evaluator, Tensor& x, const RunOptions& options) const;
  Replies run_query(const ckks::Evaluator& evaluator, const Inputs& query, const RunOptions& options) const;

  std::vector<circuits::BatchedProduct> products_;
  std::vector<int>
      shifts_;  ///< of each stage: its weights are 2^shift times too small, and the sums are made up for it
  std::vector<std::vector<double>> bias_;
  std::vector<std::size_t> last_use_;
  std::vector<bool> keep_three_;  ///< of every value: whether its products wait for the map behind to be relinearised
};

}  // namespace obscura::runtime
