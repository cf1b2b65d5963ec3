#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <vector>

namespace obscura::train {

/// Weights a class as a tensor; undefined for none.
torch::Tensor weight_tensor(const std::vector<double>& weights, torch::Device device = torch::kCPU);

/// Mean over the batch of weight times cross entropy, the weight being that of the label's class. It is divided by the
/// pictures of the batch, not by their weights, which would take a rare class's weight back where it is alone.
/// Undefined weights: the plain mean.
torch::Tensor weighted_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, double smoothing,
                                     const torch::Tensor& weights);

}  // namespace obscura::train
