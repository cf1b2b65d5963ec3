#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <memory>

#include "train/vision/vision.h"

namespace obscura::train {

/// A network for pictures ([N, channels, height, width] -> logits [N, classes], as float) or a part of one. Not
/// thread-safe.
class VisionModule : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  /// What the network itself adds to the loss of the last forward pass in training; undefined if nothing.
  virtual torch::Tensor penalty() { return {}; }
  /// Convolutions and matrix products of this and all inside in bfloat16, the rest and the weights themselves in
  /// float. Adaptations stay in float all through: undoing a shield takes large numbers from each other.
  virtual void use_bfloat16(bool wanted);
  bool bfloat16() const { return bfloat16_; }

 private:
  bool bfloat16_ = false;
};

/// With weights as torchvision initialises them, drawn from LibTorch's generator (torch::manual_seed). With an
/// adaptation, its parameters are named "adaptation.*" and the network's "backbone.*". Throws as check_vision.
std::shared_ptr<VisionModule> make_vision(const VisionSpec& spec);

/// The adaptation alone: [N, channels, height, width] -> what the backbone is given. Null if the module has none.
std::shared_ptr<VisionModule> adaptation_of(VisionModule& module);

/// Lets an er-cnn adaptation without padding start from blocks whose samples are uncorrelated and of variance 1, as
/// they are over `images` [N, C, H, W]: takes the conditioning of a key out of the training. Throws UnsupportedError
/// for other adaptations.
void whiten_adaptation(VisionModule& adaptation, const torch::Tensor& images);

}  // namespace obscura::train
