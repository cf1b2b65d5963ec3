#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <memory>

#include "train/vision.h"

namespace obscura::train {

/// A network for pictures. Not thread-safe.
class VisionModule : public torch::nn::Module {
 public:
  /// [N, channels, height, width] -> logits [N, classes].
  virtual torch::Tensor forward(const torch::Tensor& images) = 0;
  /// What the network itself adds to the loss of the last forward pass in training; undefined if nothing.
  virtual torch::Tensor penalty() { return {}; }
  /// Convolutions and matrix products in bfloat16, the rest and the weights themselves in float.
  void use_bfloat16(bool wanted) { bfloat16_ = wanted; }
  bool bfloat16() const { return bfloat16_; }

 private:
  bool bfloat16_ = false;
};

/// With weights as torchvision initialises them, drawn from LibTorch's generator (torch::manual_seed). With an
/// adaptation, its parameters are named "adaptation.*" and the network's "backbone.*". Throws as check_vision.
std::shared_ptr<VisionModule> make_vision(const VisionSpec& spec);

/// The adaptation alone: [N, channels, height, width] -> what the backbone is given. Null if the module has none.
std::shared_ptr<torch::nn::Module> adaptation_of(VisionModule& module);

}  // namespace obscura::train
