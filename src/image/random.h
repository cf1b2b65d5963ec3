#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

/// For this folder's drawing and augmentation: small, fast, the same on every machine. Never for secrets.
namespace obscura::image {

/// SplitMix64 (Steele, Lea, Flood 2014).
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  /// An independent stream for item `index` of seed `seed`.
  SplitMix(std::uint64_t seed, std::uint64_t index) : state_(mix(seed) ^ mix(~index)) {}

  std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15U); }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Uniform in [low, high).
  double between(double low, double high) { return low + (high - low) * unit(); }
  /// Standard normal, by Box and Muller.
  double normal() {
    const double r = std::sqrt(-2 * std::log(1 - unit()));
    return r * std::cos(2 * std::numbers::pi * unit());
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(unit() * static_cast<double>(n)); }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace obscura::image
