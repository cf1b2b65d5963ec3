#pragma once

// Internal to src/train.
#include "train/vision/layers.h"

namespace obscura::train {

/// Of tokens to each other, as LibTorch's MultiheadAttention with batches first: [N, tokens, width] -> the same, with
/// its parameters' names and starts.
class SelfAttention : public VisionModule {
 public:
  SelfAttention(std::int64_t width, std::int64_t heads);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  torch::Tensor weight_;
  torch::Tensor bias_;
  std::shared_ptr<Dense> out_;
  std::int64_t heads_;
};

}  // namespace obscura::train
