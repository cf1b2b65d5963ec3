#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "image/image.h"
#include "ring/random.h"
#include "shield/key.h"
#include "shield/shield.h"

namespace obscura::shield {

/// Seed number n of the tests.
inline Seed test_seed(std::uint8_t n) {
  Seed seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(7 * i + 31 * n + 1);
  return seed;
}

/// Every byte drawn: nothing that a mistake could hide behind.
inline image::Image noise(std::size_t channels, std::size_t height, std::size_t width, std::uint64_t stream = 0) {
  image::Image out(channels, height, width);
  ring::RandomStream(test_seed(200), stream).fill(out.pixels);
  return out;
}

/// A picture as a camera might take it: slopes, waves and a disc.
inline image::Image scene(std::size_t height, std::size_t width) {
  image::Image out(3, height, width);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const double v = static_cast<double>(y) / static_cast<double>(height);
      const double u = static_cast<double>(x) / static_cast<double>(width);
      const bool disc = std::hypot(v - 0.5, u - 0.4) < 0.25;
      out.at(y, x, 0) = static_cast<std::uint8_t>(60 + 120 * v + 40 * std::sin(9 * u));
      out.at(y, x, 1) = static_cast<std::uint8_t>((disc ? 170 : 90) + 60 * u * v);
      out.at(y, x, 2) = static_cast<std::uint8_t>(200 - 110 * u + 20 * std::cos(12 * v));
    }
  }
  return out;
}

/// Peak signal to noise ratio in decibels; infinity for equal images.
inline double psnr(const image::Image& a, const image::Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const double d = static_cast<double>(a.pixels[i]) - b.pixels.at(i);
    sum += d * d;
  }
  if (sum == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / sum);
}

/// Every shield in every arithmetic and in several sizes of blocks.
inline std::vector<Parameters> all_parameters() {
  std::vector<Parameters> out;
  for (const std::size_t block : {2, 4, 8}) {
    out.push_back({"hill", block, Arithmetic::real});
    for (const char* name : {"hill", "vit", "le", "ele", "etc", "etc-grayscale"})
      out.push_back({name, block, Arithmetic::modular});
  }
  out.push_back({"pe", 1, Arithmetic::modular});
  return out;
}

inline std::string text_of(const Parameters& p) {
  return p.shield + " " + std::to_string(p.block) + " " + to_string(p.arithmetic);
}

}  // namespace obscura::shield
