#include "shield/calibration.h"

#include <algorithm>
#include <array>

#include "shield/blocks.h"
#include "shield/encoder.h"

namespace obscura::shield {
namespace {

constexpr std::size_t kImages = 32;
constexpr std::size_t kPatches = 4;  // a side
constexpr std::size_t kMostPatches = 8192;

/// Nothing secret: a number that everybody knows.
Seed public_seed() {
  return derive(Seed{}, "neuracrypt: calibration images");
}

/// Smooth noise between -1 and 1 with one free value every `cell` pixels: contrast of one octave.
void add_octave(Draws& draws, std::vector<double>& plane, std::size_t side, std::size_t cell, double amplitude) {
  const std::size_t across = side / cell + 2;
  std::vector<double> grid(across * across);
  for (double& v : grid) v = amplitude * draws.signed_unit_24();
  for (std::size_t y = 0; y < side; ++y) {
    const double v = static_cast<double>(y % cell) / static_cast<double>(cell);
    for (std::size_t x = 0; x < side; ++x) {
      const double u = static_cast<double>(x % cell) / static_cast<double>(cell);
      const double* at = &grid[y / cell * across + x / cell];
      const double top = at[0] + u * (at[1] - at[0]), bottom = at[across] + u * (at[across + 1] - at[across]);
      plane[y * side + x] += top + v * (bottom - top);
    }
  }
}

/// Half the amplitude for half the size.
std::vector<double> smooth(Draws& draws, std::size_t side) {
  std::vector<double> plane(side * side);
  double amplitude = 1;
  for (std::size_t cell = side / 2; cell > 0; cell /= 2, amplitude /= 2) {
    add_octave(draws, plane, side, cell, amplitude);
  }
  return plane;
}

/// Brighter or darker on one side of a line, in all channels.
struct Edge {
  Edge(Draws& draws, double side)
      : y(side * draws.signed_unit_24()), x(side * draws.signed_unit_24()), at(side * side * draws.signed_unit_24()) {
    for (double& s : step) s = 0.6 * draws.signed_unit_24();
  }
  bool beyond(double v, double u) const { return y * v + x * u > at; }
  double y, x, at;
  std::array<double, 3> step{};
};

std::uint8_t to_sample(double v) {
  return static_cast<std::uint8_t>(std::clamp(122 + 90 * v, 0.0, 255.0));
}

image::Image draw_image(Draws& draws, std::size_t channels, std::size_t side) {
  const std::vector<double> light = smooth(draws, side);
  std::vector<std::vector<double>> tint;
  for (std::size_t c = 0; c < channels && channels > 1; ++c) tint.push_back(smooth(draws, side));
  std::vector<Edge> edges;
  for (int i = 0; i < 4; ++i) edges.emplace_back(draws, static_cast<double>(side));
  image::Image out(channels, side, side);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      for (std::size_t c = 0; c < channels; ++c) {
        double v = light[y * side + x];
        if (!tint.empty()) v += 0.35 * tint[c][y * side + x];
        for (const Edge& edge : edges) {
          if (edge.beyond(static_cast<double>(y), static_cast<double>(x))) v += edge.step[c];
        }
        out.at(y, x, c) = to_sample(v);
      }
    }
  }
  return out;
}

/// Up to kMostPatches patches, evenly spread over all that the images have.
Rows spread_patches(const std::vector<image::Image>& images, std::size_t block) {
  std::size_t total = 0;
  for (const auto& image : images) total += Grid(image.height, image.width, block).count();
  const std::size_t count = std::min(total, kMostPatches);
  Rows out(count, images.front().channels * block * block);
  std::size_t next = 0, before = 0;
  for (const auto& image : images) {
    const Rows all = patches_of(image, block);
    for (; next < count && next * total / count < before + all.count; ++next) {
      std::copy_n(all.row(next * total / count - before), out.stride, out.row(next));
    }
    before += all.count;
  }
  return out;
}

}  // namespace

std::vector<image::Image> calibration_images(std::size_t channels, std::size_t block) {
  Draws draws(public_seed());
  std::vector<image::Image> out;
  for (std::size_t i = 0; i < kImages; ++i) out.push_back(draw_image(draws, channels, kPatches * block));
  return out;
}

std::vector<LayerStatistics> calibrate(const Parameters& p, const Encoder& encoder,
                                       std::span<const image::Image> images) {
  if (encoder.linear() || p.statistics != Statistics::frozen) return {};
  std::vector<image::Image> padded;
  for (const auto& image : images) {
    padded.push_back(pad(p.channels == 1 ? image::to_grey(image) : image::to_rgb(image), p.block));
  }
  if (padded.empty()) padded = calibration_images(p.channels, p.block);
  return encoder.measure(spread_patches(padded, p.block));
}

std::vector<LayerStatistics> calibrate(const Parameters& wanted, const Seed& seed,
                                       std::span<const image::Image> images) {
  const Parameters p = complete(wanted);
  if (!is_encoder(p.shield)) return {};
  return calibrate(p, Encoder(p, seed), images);
}

}  // namespace obscura::shield
