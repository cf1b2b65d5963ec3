#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "audit/statistics/match_statistics.h"
#include "image/dataset.h"
#include "image/random.h"
#include "shield/key.h"
#include "shield/shield.h"

namespace obscura::audit {

/// A figure by its name; a failure if there is none.
inline double figure(const Recovered& recovered, const std::string& name) {
  for (const Figure& f : recovered.figures) {
    if (f.name == name) return f.value;
  }
  ADD_FAILURE() << "no figure " << name;
  return 0;
}

inline shield::Seed test_seed(std::uint8_t n) {
  shield::Seed seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(11 * i + 29 * n + 3);
  return seed;
}

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

/// Every image of the set protected with one key, or with one of its own each.
inline std::vector<shield::Protected> protect_all(const image::Dataset& set, const shield::Parameters& what,
                                                  std::uint8_t key, bool per_image = false) {
  std::vector<shield::Protected> out;
  const auto shared = shield::make_shield(what, test_seed(key));
  for (std::size_t n = 0; n < set.count; ++n) {
    if (!per_image) {
      out.push_back(shared->protect(set.image(n)));
      continue;
    }
    shield::Nonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(n >> (8 * i));
    out.push_back(shield::make_shield(what, shield::image_seed(test_seed(key), nonce))->protect(set.image(n)));
  }
  return out;
}

inline double psnr(const image::Image& a, const image::Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const double d = static_cast<double>(a.pixels[i]) - b.pixels.at(i);
    sum += d * d;
  }
  // What is equal counts as 100 dB, so that means stay finite.
  return sum == 0 ? 100 : std::min(100.0, 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / sum));
}

inline std::vector<image::Image> pictures(const image::Dataset& set) {
  std::vector<image::Image> out;
  for (std::size_t n = 0; n < set.count; ++n) out.push_back(set.image(n));
  return out;
}

inline double mean_psnr(std::span<const image::Image> recovered, std::span<const image::Image> originals) {
  double sum = 0;
  for (std::size_t i = 0; i < recovered.size(); ++i) sum += psnr(recovered[i], originals[i]);
  return sum / static_cast<double>(recovered.size());
}

/// What needs no attack: the average of the public images, against each original.
inline double baseline_psnr(const image::Dataset& publics, std::span<const image::Image> originals) {
  std::vector<double> sums(publics.image_size());
  for (std::size_t n = 0; n < publics.count; ++n) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += publics.pixels(n)[i];
  }
  std::vector<std::uint8_t> mean;
  for (const double s : sums) mean.push_back(static_cast<std::uint8_t>(s / static_cast<double>(publics.count) + 0.5));
  const std::vector<image::Image> same(originals.size(),
                                       image::from_planar(mean, publics.channels, publics.height, publics.width));
  return mean_psnr(same, originals);
}

}  // namespace obscura::audit
