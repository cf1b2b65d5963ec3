#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <vector>

namespace obscura::train {

/// The nearest matrix with orthonormal rows (or columns), roughly: three Newton-Schulz steps
/// X <- 3.4445 X - 4.775 X X^T X + 2.0315 (X X^T)^2 X from X of norm 1, which leave singular values near 1 (0.7 to
/// 1.2 for all but the smallest). matrix: [rows, columns], float.
torch::Tensor orthogonalised(const torch::Tensor& matrix);

/// Muon (K. Jordan, 2024): steps by the orthogonalised momentum of each matrix, so that every direction is learnt at
/// the same pace. Before a step a weight is scaled to the norm sqrt(out): its size says nothing before a batch norm. A
/// module only so that LibTorch can archive it. Not thread-safe.
class Muon : public torch::nn::Module {
 public:
  /// Weights [out, in, kernel, kernel] or [out, in].
  explicit Muon(std::vector<torch::Tensor> weights);

  /// Nesterov momentum 0.6. Weights without a gradient stay.
  void step(double rate);

 private:
  std::vector<torch::Tensor> weights_;
  std::vector<torch::Tensor> momenta_;
};

}  // namespace obscura::train
