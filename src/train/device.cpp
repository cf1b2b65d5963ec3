#include "train/device.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "base/error.h"
#include "train/device_torch.h"

namespace obscura::train {
namespace {

/// The number behind "cuda:"; "cuda" alone is the first card.
std::size_t card_of(const std::string& name) {
  constexpr std::size_t kMostDigits = 3;
  const std::string digits = name == "cuda" ? "0" : name.starts_with("cuda:") ? name.substr(5) : "";
  if (digits.empty() || digits.size() > kMostDigits || digits.find_first_not_of("0123456789") != std::string::npos) {
    throw UsageError("unknown device '" + name + "': choose cpu, cuda or cuda:NUMBER");
  }
  return std::stoul(digits);
}

}  // namespace

torch::Device device_of(const std::string& name) {
  if (name == kProcessor) return torch::kCPU;
  const std::size_t card = card_of(name);
  if (!torch::cuda::is_available()) {
    throw UnsupportedError("device " + name +
                           " cannot be used: this LibTorch finds no CUDA card (Debian's has no CUDA)");
  }
  const std::size_t cards = torch::cuda::device_count();
  if (card >= cards) {
    throw UnsupportedError(fmt::format("device {} is not there: cards are numbered from 0 to {}", name, cards - 1));
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(card)};
}

void check_device(const std::string& device) {
  device_of(device);
}

}  // namespace obscura::train
