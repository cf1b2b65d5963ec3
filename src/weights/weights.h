#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

/// Files of trained weights, without LibTorch and without running anything that stands in them.
namespace obscura::weights {

/// Row-major; whatever the file's type was (half, bfloat16, double, whole numbers), as float.
struct WeightTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
  friend bool operator==(const WeightTensor&, const WeightTensor&) = default;
};

/// Named tensors, and what safetensors files say of themselves.
struct WeightFile {
  std::map<std::string, WeightTensor> tensors;
  std::map<std::string, std::string> metadata;
  friend bool operator==(const WeightFile&, const WeightFile&) = default;
};

/// Told by content: safetensors, PyTorch's .pth in zip or legacy form (a state dict, or a checkpoint with one inside),
/// NumPy's .npz. Reads what nobody has checked. Throws IoError, FormatError (with the path and what is wrong).
WeightFile read_weights(const std::filesystem::path& path);
/// As above from memory; `what` names it in error messages.
WeightFile decode_weights(std::span<const std::uint8_t> bytes, const std::string& what);

/// safetensors, F32. Whole or not at all. Throws IoError.
void write_safetensors(const WeightFile& weights, const std::filesystem::path& path);

}  // namespace obscura::weights
