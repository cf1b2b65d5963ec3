#include "shield/blocks.h"

#include <algorithm>

namespace obscura::shield {
namespace {

/// Rows and columns beyond the image are its last ones.
image::Image refit(const image::Image& image, std::size_t height, std::size_t width) {
  if (image.height == height && image.width == width) return image;
  image::Image out(image.channels, height, width);
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t from = std::min(y, image.height - 1);
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < image.channels; ++c) {
        out.at(y, x, c) = image.at(from, std::min(x, image.width - 1), c);
      }
    }
  }
  return out;
}

}  // namespace

image::Image pad(const image::Image& image, std::size_t side) {
  return refit(image, round_up(image.height, side), round_up(image.width, side));
}

image::Image crop(const image::Image& image, std::size_t height, std::size_t width) {
  return refit(image, height, width);
}

image::Image planes_beside(const image::Image& colour) {
  image::Image out(1, colour.height, 3 * colour.width);
  for (std::size_t y = 0; y < colour.height; ++y) {
    for (std::size_t x = 0; x < out.width; ++x) out.at(y, x) = colour.at(y, x % colour.width, x / colour.width);
  }
  return out;
}

image::Image from_planes_beside(const image::Image& planes) {
  image::Image out(3, planes.height, planes.width / 3);
  for (std::size_t y = 0; y < out.height; ++y) {
    for (std::size_t x = 0; x < 3 * out.width; ++x) out.at(y, x % out.width, x / out.width) = planes.at(y, x);
  }
  return out;
}

}  // namespace obscura::shield
