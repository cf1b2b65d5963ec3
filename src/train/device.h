#pragma once

#include <string>

namespace obscura::train {

/// Where LibTorch computes: "cpu", "cuda" (the first card) or "cuda:1". Debian's LibTorch has the processor only.
inline constexpr const char* kProcessor = "cpu";

/// Throws UsageError for a word that is no device, UnsupportedError for a card that is not there or that this LibTorch
/// cannot use.
void check_device(const std::string& device);

}  // namespace obscura::train
