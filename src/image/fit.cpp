// Images made to fit what a network takes.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "image/image.h"

namespace obscura::image {
namespace {

std::string size_text(std::size_t width, std::size_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

/// A side of `from` pixels, scaled as another one of `other` pixels is to `to`, at least 1.
std::size_t scaled(std::size_t from, std::size_t other, std::size_t to) {
  return std::max<std::size_t>(1, (from * to + other / 2) / other);
}

/// Whether one scale for both sides gives this size, to a pixel.
bool keeps_shape(const Image& image, std::size_t height, std::size_t width) {
  const auto near = [](std::size_t a, std::size_t b) { return a <= b + 1 && b <= a + 1; };
  return near(scaled(image.height, image.width, width), height) &&
         near(scaled(image.width, image.height, height), width) &&
         // A pixel is much where there are few.
         std::abs(std::log(static_cast<double>(image.height * width) / static_cast<double>(image.width * height))) <
             0.05;
}

/// The part of `height` x `width` pixels whose first is (top, left).
Image cut(const Image& image, std::size_t top, std::size_t left, std::size_t height, std::size_t width) {
  Image out(image.channels, height, width);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* const from = image.pixels.data() + ((top + y) * image.width + left) * image.channels;
    std::copy_n(from, width * image.channels, out.pixels.data() + y * width * image.channels);
  }
  return out;
}

/// The largest part in the middle that has the shape of height x width.
Image middle(const Image& image, std::size_t height, std::size_t width) {
  const std::size_t tall = std::min(image.height, scaled(height, width, image.width));
  const std::size_t wide = std::min(image.width, scaled(width, height, image.height));
  return cut(image, (image.height - tall) / 2, (image.width - wide) / 2, tall, wide);
}

/// The whole image on black, as large as it fits.
Image between_bars(const Image& image, std::size_t height, std::size_t width) {
  const std::size_t tall = std::min(height, scaled(image.height, image.width, width));
  const std::size_t wide = std::min(width, scaled(image.width, image.height, height));
  const Image small = resize(image, tall, wide);
  Image out(image.channels, height, width);
  for (std::size_t y = 0; y < tall; ++y) {
    std::uint8_t* const to = &out.at((height - tall) / 2 + y, (width - wide) / 2);
    std::copy_n(small.pixels.data() + y * wide * image.channels, wide * image.channels, to);
  }
  return out;
}

void fit_size(Conformed& result, std::size_t height, std::size_t width, Fit fit) {
  const Image& image = result.image;
  if (image.height == height && image.width == width) return;
  const std::string had = size_text(image.width, image.height), wanted = size_text(width, height);
  if (keeps_shape(image, height, width)) {
    result.notes.push_back("resized from " + had + " to " + wanted);
    result.image = resize(image, height, width);
  } else if (fit == Fit::stretch) {
    result.squashed = true;
    result.notes.push_back("resized from " + had + " to " + wanted + ", which changes its proportions");
    result.image = resize(image, height, width);
  } else if (fit == Fit::crop) {
    const Image part = middle(image, height, width);
    result.notes.push_back("cropped from " + had + " to the " + size_text(part.width, part.height) +
                           " in its middle, resized to " + wanted);
    result.image = resize(part, height, width);
  } else {
    result.notes.push_back("resized from " + had + " to " + wanted + " between black bars");
    result.image = between_bars(image, height, width);
  }
}

}  // namespace

std::string to_string(Fit fit) {
  return fit == Fit::stretch ? "stretch" : fit == Fit::crop ? "crop" : "letterbox";
}

Fit parse_fit(const std::string& text) {
  for (const Fit fit : {Fit::stretch, Fit::crop, Fit::letterbox}) {
    if (text == to_string(fit)) return fit;
  }
  throw UsageError("'" + text + "' is no way to fit an image; there are stretch, crop and letterbox");
}

Conformed conform(const Image& image, std::size_t channels, std::size_t height, std::size_t width, Fit fit) {
  const Image wanted(channels, height, width);  // throws for what cannot be
  Conformed result{image.channels == channels ? image : channels == 1 ? to_grey(image) : to_rgb(image), {}, false};
  if (result.image.empty()) throw ParameterError("an empty image cannot be made to fit");
  if (image.channels != channels) {
    result.notes.emplace_back(channels == 1 ? "converted from colour to grey" : "converted from grey to colour");
  }
  fit_size(result, height, width, fit);
  return result;
}

Image inverted(Image image) {
  for (std::uint8_t& v : image.pixels) v = static_cast<std::uint8_t>(255 - v);
  return image;
}

double border_mean(const Image& image) {
  if (image.empty()) throw ParameterError("an empty image has no border");
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t y = 0; y < image.height; ++y) {
    const bool whole = y == 0 || y + 1 == image.height;
    for (std::size_t x = 0; x < image.width; x += whole || image.width == 1 ? 1 : image.width - 1) {
      for (std::size_t c = 0; c < image.channels; ++c) sum += image.at(y, x, c);
      count += image.channels;
    }
  }
  return sum / static_cast<double>(count);
}

}  // namespace obscura::image
