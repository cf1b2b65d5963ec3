#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <map>
#include <string>

#include "weights/weights.h"

namespace obscura::train {

/// Patches with the mean picture taken off and their samples uncorrelated: what a vision transformer learns from
/// quickly, whatever a shield has mixed them with. Afterwards the transform becomes part of the first layer and the
/// positions, so that the trained network reads pictures as they are.
class PatchWhitening {
 public:
  /// From pictures [N, C, H, W]. `by_position`: each place has its own mean, which the position embedding can take in;
  /// else all patches have one, for the first layer's bias.
  PatchWhitening(const torch::Tensor& images, std::int64_t patch, bool by_position);

  /// Where apply() finds its pictures from now on.
  void move_to(torch::Device device);

  /// [N, C, H, W] -> the same.
  torch::Tensor apply(const torch::Tensor& images) const;

  /// From weights that were trained on what apply() gives to those for pictures themselves. Throws FormatError if the
  /// tensors are not those of a vision transformer of this form.
  void merge(std::map<std::string, weights::WeightTensor>& tensors) const;

 private:
  std::int64_t patch_;
  bool by_position_;
  torch::Tensor mean_;  // [C, H, W]
  torch::Tensor map_;   // [n, n], n = C * patch^2, symmetric
};

/// The symmetric inverse root of a covariance; eigenvalues below `floor` of their mean count as that, so that rounding
/// and noise are not blown up.
torch::Tensor inverse_root(const torch::Tensor& covariance, double floor);

}  // namespace obscura::train
