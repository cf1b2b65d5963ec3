#include "audit/pairs/symmetry.h"

#include <limits>

#include "base/error.h"

namespace obscura::audit {
namespace {

bool same_shape(const image::Image& a, const image::Image& b) {
  return a.channels == b.channels && a.height == b.height && a.width == b.width && a.pixels.size() == b.pixels.size();
}

double squared_error(const image::Image& a, const image::Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const double d = static_cast<double>(a.pixels[i]) - b.pixels[i];
    sum += d * d;
  }
  return sum;
}

}  // namespace

std::string to_string(const Symmetry& symmetry) {
  const char* const names[2][2][2] = {{{"none", "mirror"}, {"upside down", "half turn"}},
                                      {{"transpose", "quarter turn right"}, {"quarter turn left", "other transpose"}}};
  std::string text = names[symmetry.transpose ? 1 : 0][symmetry.upside_down ? 1 : 0][symmetry.mirror ? 1 : 0];
  if (symmetry.negative) text += ", negative";
  return text;
}

image::Image apply(const Symmetry& symmetry, const image::Image& image) {
  if (image.empty()) throw ParameterError("an empty image has no symmetries");
  const std::size_t height = symmetry.transpose ? image.width : image.height;
  const std::size_t width = symmetry.transpose ? image.height : image.width;
  image::Image out(image.channels, height, width);
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t v = symmetry.upside_down ? height - 1 - y : y;
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t u = symmetry.mirror ? width - 1 - x : x;
      for (std::size_t c = 0; c < image.channels; ++c) {
        const std::uint8_t sample = symmetry.transpose ? image.at(u, v, c) : image.at(v, u, c);
        out.at(y, x, c) = symmetry.negative ? static_cast<std::uint8_t>(255 - sample) : sample;
      }
    }
  }
  return out;
}

Symmetry best_symmetry(std::span<const image::Image> recovered, std::span<const image::Image> originals) {
  bool fits = !recovered.empty() && recovered.size() == originals.size(), squares = true;
  for (std::size_t i = 0; fits && i < recovered.size(); ++i) {
    fits = !recovered[i].empty() && same_shape(recovered[i], originals[i]);
    squares = squares && recovered[i].height == recovered[i].width;
  }
  if (!fits) throw MismatchError("recovered images and originals must be as many, one at least, and of equal shapes");
  Symmetry best;
  double least = std::numeric_limits<double>::infinity();
  for (unsigned code = 0; code < 16; ++code) {
    const Symmetry symmetry{(code & 1) != 0, (code & 2) != 0, (code & 4) != 0, (code & 8) != 0};
    if (symmetry.transpose && !squares) continue;
    double sum = 0;
    for (std::size_t i = 0; i < recovered.size() && sum < least; ++i) {
      sum += squared_error(apply(symmetry, recovered[i]), originals[i]);
    }
    if (sum < least) {
      least = sum;
      best = symmetry;
    }
  }
  return best;
}

}  // namespace obscura::audit
