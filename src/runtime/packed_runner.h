#pragma once

#include <vector>

#include "circuits/linear_transform.h"
#include "runtime/runner.h"

namespace obscura::runtime {

/// One image in one ciphertext: linear transforms by rotations, activations on all slots at once.
class PackedRunner : public Runner {
 public:
  explicit PackedRunner(compile::Program program, ThreadPool* pool = nullptr);
  std::vector<ckks::CompactCiphertext> run(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                           const std::vector<ckks::Ciphertext>& query, ThreadPool* pool = nullptr,
                                           std::vector<StageTime>* times = nullptr) const override;
  std::size_t memory_bytes() const override;

 private:
  ckks::Ciphertext run_stage(std::size_t i, const ckks::Evaluator& evaluator, ckks::Ciphertext x,
                             ThreadPool* pool) const;
  ckks::Ciphertext activate(std::size_t i, const ckks::Evaluator& evaluator, ckks::Ciphertext x) const;
  double prepare_stage(std::size_t i, double scale, ThreadPool* pool);

  std::vector<circuits::LinearTransform> transforms_;
  std::vector<ckks::Plaintext> biases_;
};

}  // namespace obscura::runtime
