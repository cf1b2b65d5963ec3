#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "audit/made_scenes.h"
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
