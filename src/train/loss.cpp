#include "train/loss.h"

namespace obscura::train {

torch::Tensor weight_tensor(const std::vector<double>& weights, torch::Device device) {
  if (weights.empty()) return {};
  return torch::tensor(weights).to(torch::kFloat32).to(device);
}

torch::Tensor weighted_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, double smoothing,
                                     const torch::Tensor& weights) {
  auto options = torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(smoothing);
  if (!weights.defined()) return torch::nn::functional::cross_entropy(logits, labels, options);
  options.reduction(torch::kNone);
  return (torch::nn::functional::cross_entropy(logits, labels, options) * weights.index_select(0, labels)).mean();
}

}  // namespace obscura::train
