#include "base/error.h"
#include "nn/reference.h"

namespace obscura::nn {

std::vector<float> preprocess(std::span<const std::uint8_t> planar, const Preprocessing& how) {
  const std::size_t channels = how.mean.size();
  if (channels == 0 || how.std.size() != channels || planar.size() % channels != 0) {
    throw MismatchError("an image of " + std::to_string(planar.size()) + " bytes does not fit a network of " +
                        std::to_string(channels) + " channels");
  }
  const std::size_t plane = planar.size() / channels;
  std::vector<float> values(planar.size());
  for (std::size_t i = 0; i < planar.size(); ++i) {
    const std::size_t c = i / plane;
    values[i] = (static_cast<float>(planar[i]) / 255.0F - how.mean[c]) / how.std[c];
  }
  return values;
}

}  // namespace obscura::nn
