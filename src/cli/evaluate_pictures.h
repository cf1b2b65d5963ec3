#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/protect_key.h"

namespace obscura::cli {

/// `evaluate` of networks that read pictures in the open: plain against protected, side by side.
struct PictureEvaluation {
  std::filesystem::path network;  ///< a .safetensors file of `train --network`
  std::filesystem::path plain;    ///< one trained on plain pictures, to compare with
  KeyOptions key;
  bool per_image = false;
  bool colour = false;
  std::size_t resize = 0;
  std::string dataset;
  std::filesystem::path data;
  std::filesystem::path out;
  std::size_t limit = 0;
  std::size_t threads = 1;
  bool json = false;
  bool force = false;
};

void evaluate_pictures(const PictureEvaluation& a);

}  // namespace obscura::cli
