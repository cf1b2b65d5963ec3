#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "image/dataset.h"
#include "image/random.h"

/// Pictures that are made up, for tests of attacks.
namespace obscura::audit {

/// One plane of noise that is smooth on a scale of `step` pixels: random values on a grid, interpolated.
inline void add_octave(std::vector<double>& plane, std::size_t side, std::size_t step, double amplitude,
                       image::SplitMix& random) {
  const std::size_t points = side / step + 2;
  std::vector<double> grid(points * points);
  for (double& v : grid) v = amplitude * random.normal();
  const double shift_y = random.unit(), shift_x = random.unit();
  for (std::size_t y = 0; y < side; ++y) {
    const double v = static_cast<double>(y) / static_cast<double>(step) + shift_y;
    const auto top = std::min(static_cast<std::size_t>(v), points - 2);
    const double down = std::min(1.0, v - static_cast<double>(top));
    for (std::size_t x = 0; x < side; ++x) {
      const double u = static_cast<double>(x) / static_cast<double>(step) + shift_x;
      const auto left = std::min(static_cast<std::size_t>(u), points - 2);
      const double right = std::min(1.0, u - static_cast<double>(left));
      const double* at = &grid[top * points + left];
      plane[y * side + x] += (1 - down) * ((1 - right) * at[0] + right * at[1]) +
                             down * ((1 - right) * at[points] + right * at[points + 1]);
    }
  }
}

inline std::vector<double> scene_plane(std::size_t side, double contrast, image::SplitMix& random) {
  std::vector<double> plane(side * side);
  for (std::size_t step = side; step >= 1; step /= 2) {
    add_octave(plane, side, step, contrast * 5 * std::pow(static_cast<double>(step), 0.8), random);
  }
  return plane;
}

/// Pictures as natural ones are in what matters here: coloured noise of every scale, much contrast or little, the three
/// colours alike, light from above and a little from the left. Equal seeds give equal sets.
inline image::Dataset scenes(std::size_t count, std::size_t channels, std::size_t side, std::uint64_t seed) {
  image::Dataset out{"scenes", {"all"}, {}, std::vector<std::int64_t>(count), count, channels, side, side};
  for (std::size_t n = 0; n < count; ++n) {
    image::SplitMix random(seed, n);
    const double contrast = 0.03 + 1.2 * std::pow(random.unit(), 2), light = random.between(90, 170);
    const auto common = scene_plane(side, contrast, random);
    for (std::size_t c = 0; c < channels; ++c) {
      const auto own = scene_plane(side, 0.4 * contrast, random);
      for (std::size_t i = 0; i < common.size(); ++i) {
        const double y = static_cast<double>(i / side) / static_cast<double>(side);
        const double x = static_cast<double>(i % side) / static_cast<double>(side);
        const double tint = 12.0 * static_cast<double>(c);
        const double v = light - tint + 40 * (0.5 - y) + 15 * (0.5 - x) + common[i] * (1 + 0.1 * y) + own[i];
        out.images.push_back(static_cast<std::uint8_t>(std::clamp(v + 0.5, 0.0, 255.0)));
      }
    }
  }
  return out;
}

}  // namespace obscura::audit
