#pragma once

#include <random>

#include "image/image.h"

namespace obscura::audit {

/// Independent uniform bytes.
inline image::Image noise(std::size_t channels, std::size_t height, std::size_t width, unsigned seed) {
  std::mt19937 random(seed);
  image::Image picture(channels, height, width);
  for (auto& v : picture.pixels) v = static_cast<std::uint8_t>(random() >> 24);
  return picture;
}

/// Rising to the right and downwards, without jumps.
inline image::Image slope(std::size_t height, std::size_t width) {
  image::Image picture(1, height, width);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) picture.at(y, x) = static_cast<std::uint8_t>(2 * x + y);
  }
  return picture;
}

}  // namespace obscura::audit
