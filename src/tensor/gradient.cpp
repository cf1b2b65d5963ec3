// The gradients of chunks: Sobel's operator and what is made of it.

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tensor/chunking.h"

namespace obscura {
namespace {

/// Row or column `at` of a plane that is mirrored at its edges, which are not repeated.
std::size_t mirrored(std::ptrdiff_t at, std::size_t side) {
  if (side == 1) return 0;
  const auto last = static_cast<std::ptrdiff_t>(side) - 1;
  if (at < 0) at = -at;
  if (at > last) at = 2 * last - at;
  return static_cast<std::size_t>(at);
}

/// One plane of all channels.
std::vector<double> luma(std::span<const float> pixels, std::size_t channels) {
  const std::size_t plane = pixels.size() / channels;
  std::vector<double> weights(channels, 1.0 / static_cast<double>(channels));
  if (channels == 3) weights = {0.299, 0.587, 0.114};
  std::vector<double> grey(plane, 0);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < plane; ++i) grey[i] += weights[c] * static_cast<double>(pixels[c * plane + i]);
  }
  return grey;
}

}  // namespace

std::vector<double> sobel_magnitude(std::span<const double> plane, std::size_t height, std::size_t width) {
  if (plane.size() != height * width) throw MismatchError("a plane of another size than its sides say");
  std::vector<double> magnitude(plane.size());
  const auto at = [&](std::size_t y, std::ptrdiff_t dy, std::size_t x, std::ptrdiff_t dx) {
    return plane[mirrored(static_cast<std::ptrdiff_t>(y) + dy, height) * width +
                 mirrored(static_cast<std::ptrdiff_t>(x) + dx, width)];
  };
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const double gx = at(y, -1, x, 1) - at(y, -1, x, -1) + 2 * (at(y, 0, x, 1) - at(y, 0, x, -1)) + at(y, 1, x, 1) -
                        at(y, 1, x, -1);
      const double gy = at(y, 1, x, -1) - at(y, -1, x, -1) + 2 * (at(y, 1, x, 0) - at(y, -1, x, 0)) + at(y, 1, x, 1) -
                        at(y, -1, x, 1);
      magnitude[y * width + x] = std::sqrt(gx * gx + gy * gy);
    }
  }
  return magnitude;
}

std::vector<double> chunk_scores(const Chunking& cut, std::span<const float> pixels, ChunkScore score) {
  if (pixels.size() != cut.picture.size()) throw MismatchError("pixels of another picture than is cut");
  const auto magnitude = sobel_magnitude(luma(pixels, cut.picture.channels), cut.picture.height, cut.picture.width);
  std::vector<double> scores;
  for (std::size_t k = 0; k < cut.count(); ++k) {
    const ChunkPlace place = place_of(cut, k);
    double sum = 0, most = 0;
    for (std::size_t y = place.y; y < place.y + place.height; ++y) {
      for (std::size_t x = place.x; x < place.x + place.width; ++x) {
        const double v = magnitude[y * cut.picture.width + x];
        sum += v, most = std::max(most, v);
      }
    }
    scores.push_back(score == ChunkScore::mean ? sum / static_cast<double>(place.height * place.width) : most);
  }
  return scores;
}

std::vector<float> pixels_of(std::span<const float> values, const Preprocessing& how) {
  const std::size_t channels = how.mean.size(), plane = channels == 0 ? 0 : values.size() / channels;
  if (plane * channels != values.size() || channels == 0) throw MismatchError("values of another number of channels");
  const double low = how.range[0], unit = 255.0 / (static_cast<double>(how.range[1]) - low);
  const bool backward = how.colour == "bgr";
  std::vector<float> pixels(values.size());
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = how.mean[c], std = how.std[c];
    const std::size_t to = (backward ? channels - 1 - c : c) * plane;
    for (std::size_t i = 0; i < plane; ++i) {
      pixels[to + i] = static_cast<float>((static_cast<double>(values[c * plane + i]) * std + mean - low) * unit);
    }
  }
  return pixels;
}

}  // namespace obscura
