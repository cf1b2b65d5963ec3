#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <vector>

#include "train/vision/file.h"
#include "train/vision/pictures.h"

namespace obscura::train {

/// Makes samples a network's input: (sample - mean) / std, a value a channel.
class InputForm {
 public:
  InputForm(const PictureShape& shape, const std::vector<float>& mean, const std::vector<float>& std,
            torch::Device device = torch::kCPU);
  /// samples: pictures one after the other -> [pictures, C, H, W] on the device.
  torch::Tensor tensor(std::span<const float> samples) const;

 private:
  PictureShape shape_;
  torch::Tensor mean_;
  torch::Tensor scale_;
};

/// Mean and standard deviation of each channel over the first thousand pictures.
void measure_input(const Pictures& pictures, std::vector<float>& mean, std::vector<float>& std);

}  // namespace obscura::train
