#include "image/image.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/file.h"
#include "image/mat.h"
#include "image/require.h"

namespace obscura::image {
namespace {

Image resize_with(const Image& image, std::size_t height, std::size_t width, int method) {
  if (image.height == height && image.width == width) return image;
  Image out(image.channels, height, width);
  cv::Mat target = view(out);
  cv::resize(view(image), target, target.size(), 0, 0, method);
  return out;
}

}  // namespace

void write_png(const std::filesystem::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

Image to_grey(const Image& image) {
  require_image(image);
  if (image.channels == 1) return image;
  Image out(1, image.height, image.width);
  cv::Mat target = view(out);
  cv::cvtColor(view(image), target, cv::COLOR_RGB2GRAY);
  return out;
}

Image to_rgb(const Image& image) {
  require_image(image);
  if (image.channels == 3) return image;
  Image out(3, image.height, image.width);
  cv::Mat target = view(out);
  cv::cvtColor(view(image), target, cv::COLOR_GRAY2RGB);
  return out;
}

Image resize(const Image& image, std::size_t height, std::size_t width) {
  require_image(image);
  require_shape(image.channels, height, width);
  // Shrink first, so that a side which shrinks is averaged even if the other one grows.
  const Image smaller =
      resize_with(image, std::min(height, image.height), std::min(width, image.width), cv::INTER_AREA);
  return resize_with(smaller, height, width, cv::INTER_CUBIC);
}

std::vector<std::uint8_t> to_planar(const Image& image) {
  const std::size_t plane = image.height * image.width;
  std::vector<std::uint8_t> out(image.pixels.size());
  for (std::size_t c = 0; c < image.channels; ++c) {
    for (std::size_t i = 0; i < plane; ++i) out[c * plane + i] = image.pixels[i * image.channels + c];
  }
  return out;
}

Image from_planar(std::span<const std::uint8_t> planar, std::size_t channels, std::size_t height, std::size_t width) {
  require_shape(channels, height, width);
  const std::size_t plane = height * width;
  if (planar.size() != channels * plane) {
    throw ParameterError("an image of " + std::to_string(channels) + " planes of " + std::to_string(width) + "x" +
                         std::to_string(height) + " pixels does not have " + std::to_string(planar.size()) + " bytes");
  }
  Image out(channels, height, width);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < plane; ++i) out.pixels[i * channels + c] = planar[c * plane + i];
  }
  return out;
}

}  // namespace obscura::image
