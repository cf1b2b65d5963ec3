#include "audit/scene/drawn_images.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "image/random.h"

namespace obscura::audit {
namespace {

using Colour = std::array<double, 3>;

/// Bilinear noise with a free value every `cell` pixels.
void add_octave(image::SplitMix& random, std::vector<double>& plane, std::size_t height, std::size_t width,
                std::size_t cell, double amplitude) {
  const std::size_t across = width / cell + 2;
  std::vector<double> grid((height / cell + 2) * across);
  for (double& v : grid) v = amplitude * random.normal();
  for (std::size_t y = 0; y < height; ++y) {
    const double v = static_cast<double>(y % cell) / static_cast<double>(cell);
    for (std::size_t x = 0; x < width; ++x) {
      const double u = static_cast<double>(x % cell) / static_cast<double>(cell);
      const double* at = &grid[y / cell * across + x / cell];
      plane[y * width + x] += (1 - v) * ((1 - u) * at[0] + u * at[1]) + v * ((1 - u) * at[across] + u * at[across + 1]);
    }
  }
}

std::vector<double> texture(image::SplitMix& random, std::size_t height, std::size_t width, double strength) {
  std::vector<double> plane(height * width);
  double amplitude = strength;
  for (std::size_t cell = std::max<std::size_t>(2, height / 2); cell > 0; cell /= 2, amplitude *= 0.55) {
    add_octave(random, plane, height, width, cell, amplitude);
  }
  return plane;
}

Colour colour(image::SplitMix& random) {
  const double light = random.between(40, 215);
  Colour out{};
  for (double& v : out) v = light + 30 * random.normal();
  return out;
}

/// A shape in one colour with a texture of its own, shaded from above.
void add_shape(image::SplitMix& random, std::vector<Colour>& picture, std::size_t height, std::size_t width,
               bool background) {
  const auto h = static_cast<double>(height), w = static_cast<double>(width);
  const Colour base = colour(random);
  const std::vector<double> rough = texture(random, height, width, random.between(5, 40));
  const double y0 = h * random.unit(), x0 = w * random.unit(), a = h * random.between(0.15, 0.5),
               b = w * random.between(0.15, 0.5), turn = random.between(0, 3.14159), shade = random.between(-40, 10);
  const bool box = random.unit() < 0.4;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const double dy = static_cast<double>(y) - y0, dx = static_cast<double>(x) - x0;
      const double v = (dy * std::cos(turn) - dx * std::sin(turn)) / a,
                   u = (dy * std::sin(turn) + dx * std::cos(turn)) / b;
      if (!background && (box ? std::max(std::abs(u), std::abs(v)) : std::hypot(u, v)) > 1) continue;
      const std::size_t i = y * width + x;
      for (std::size_t c = 0; c < 3; ++c) {
        picture[i][c] = base[c] + rough[i] * (1 + 0.15 * static_cast<double>(c)) + shade * (static_cast<double>(y) / h);
      }
    }
  }
}

}  // namespace

image::Dataset drawn_images(std::size_t count, std::size_t height, std::size_t width, std::uint64_t seed) {
  if (count == 0 || height < 4 || width < 4) throw ParameterError("drawn images are 4 pixels or more a side, and some");
  image::Dataset out;
  out.name = "drawn";
  out.classes = {"drawn"};
  out.count = count;
  out.channels = 3;
  out.height = height;
  out.width = width;
  out.labels.assign(count, 0);
  out.images.resize(count * out.image_size());
  const std::size_t area = height * width;
  for (std::size_t n = 0; n < count; ++n) {
    image::SplitMix random(seed, n);
    std::vector<Colour> picture(area);
    const std::size_t shapes = 1 + random.below(5);
    for (std::size_t k = 0; k < shapes; ++k) add_shape(random, picture, height, width, k == 0);
    for (std::size_t i = 0; i < area; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        const double v = picture[i][c] + 2 * random.normal();
        out.images[(n * 3 + c) * area + i] = static_cast<std::uint8_t>(std::clamp(std::round(v), 0.0, 255.0));
      }
    }
  }
  return out;
}

}  // namespace obscura::audit
