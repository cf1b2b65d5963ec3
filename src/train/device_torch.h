#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <string>

namespace obscura::train {

/// As check_device.
torch::Device device_of(const std::string& name);

}  // namespace obscura::train
