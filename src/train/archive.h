#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <sstream>
#include <string>

namespace obscura::train {

/// A module, tensor or optimiser as the bytes of LibTorch's archive, and back.
template <typename Archived>
std::string archived(const Archived& value) {
  std::ostringstream out;
  torch::save(value, out);
  return out.str();
}

/// Tensors go to `device`, wherever they were.
template <typename Archived>
void unarchive(Archived& value, const std::string& bytes, torch::Device device = torch::kCPU) {
  std::istringstream in(bytes);
  torch::load(value, in, device);
}

}  // namespace obscura::train
