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

template <typename Archived>
void unarchive(Archived& value, const std::string& bytes) {
  std::istringstream in(bytes);
  torch::load(value, in);
}

}  // namespace obscura::train
