#include "shield/pixelwise.h"

#include <cmath>

#include "shield/blocks.h"

namespace obscura::shield {
namespace {

/// The key of one pixel after the other, for pictures of one size.
class PixelKeys {
 public:
  PixelKeys(const Seed& seed, const image::Image& image) : draws_(sized(seed, image)) {}

  /// Draws the next key: masks for the three samples, and the order of colours.
  void next() {
    // Eight ways to turn samples around, six orders.
    const std::uint32_t key = draws_.below(48);
    for (unsigned c = 0; c < 3; ++c) mask[c] = (key >> c & 1) != 0 ? 255 : 0;
    order = kColourOrders[key / 8];
  }

  std::uint8_t mask[3] = {};
  const std::uint8_t* order = kColourOrders[0];

 private:
  static Seed sized(const Seed& seed, const image::Image& image) {
    const std::uint64_t numbers[] = {image.height, image.width};
    return derive(seed, "pe", numbers);
  }
  Draws draws_;
};

}  // namespace

double Pe::key_space_bits(std::size_t, std::size_t height, std::size_t width) const {
  return static_cast<double>(height * width) * (3 + std::log2(6.0));
}

Picture Pe::forward(const image::Image& padded) const {
  image::Image out = padded;
  PixelKeys key(seed_, out);
  for (std::size_t i = 0; i < out.pixels.size(); i += 3) {
    key.next();
    for (std::size_t c = 0; c < 3; ++c) out.pixels[i + c] = padded.pixels[i + key.order[c]] ^ key.mask[key.order[c]];
  }
  return out;
}

image::Image Pe::backward(const Picture& picture) const {
  const auto& in = std::get<image::Image>(picture);
  image::Image out = in;
  PixelKeys key(seed_, out);
  for (std::size_t i = 0; i < out.pixels.size(); i += 3) {
    key.next();
    for (std::size_t c = 0; c < 3; ++c) out.pixels[i + key.order[c]] = in.pixels[i + c] ^ key.mask[key.order[c]];
  }
  return out;
}

}  // namespace obscura::shield
