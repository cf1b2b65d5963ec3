// Pictures in memory, without what reads, writes and resizes them.
#include <utility>

#include "base/error.h"
#include "image/image.h"
#include "image/require.h"

namespace obscura::image {

namespace {

std::string sides_text(std::size_t width, std::size_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

void require_shape(std::size_t channels, std::size_t height, std::size_t width) {
  if (channels != 1 && channels != 3) {
    throw ParameterError("an image has 1 or 3 channels, not " + std::to_string(channels));
  }
  if (height == 0 || width == 0 || height > kMaxSide || width > kMaxSide || height * width > kMaxPixels) {
    throw ParameterError("an image of " + sides_text(width, height) + " pixels is empty or too large");
  }
}

void require_image(const Image& image) {
  require_shape(image.channels, image.height, image.width);
  if (image.pixels.size() != image.channels * image.height * image.width) {
    throw ParameterError("an image of " + sides_text(image.width, image.height) + " pixels holds " +
                         std::to_string(image.pixels.size()) + " bytes");
  }
}

Image::Image(std::size_t channels_, std::size_t height_, std::size_t width_, std::uint8_t fill)
    : channels(channels_), height(height_), width(width_) {
  require_shape(channels, height, width);
  pixels.assign(channels * height * width, fill);
}

Image Image::of(std::size_t channels, std::size_t height, std::size_t width, std::vector<std::uint8_t> pixels) {
  Image out;
  out.channels = channels;
  out.height = height;
  out.width = width;
  out.pixels = std::move(pixels);
  require_image(out);
  return out;
}

}  // namespace obscura::image
