#include "shield/hill.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::shield {
namespace {

constexpr std::size_t kChannels = 3;
constexpr double kBrightest = 255;

RealMatrix draw(Draws& draws, std::size_t size, double) {
  RealMatrix out(size);
  for (double& v : out.values) v = draws.signed_unit();
  return out;
}

ByteMatrix draw(Draws& draws, std::size_t size, std::uint8_t) {
  ByteMatrix out(size);
  for (std::uint8_t& v : out.values) v = draws.byte();
  return out;
}

bool usable(const RealMatrix& key, const RealMatrix& inverse, std::size_t block) {
  return condition(key, inverse) < RealHill::worst_condition(block);
}
bool usable(const ByteMatrix&, const ByteMatrix&, std::size_t) {
  return true;
}

template <typename T>
HillMatrices<T> draw_matrices(const Seed& seed, std::size_t block) {
  HillMatrices<T> out;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const std::uint64_t numbers[] = {block, c};
    Draws draws(derive(seed, std::is_same_v<T, double> ? "hill: real" : "hill: modulo 256", numbers));
    for (;;) {
      Square<T> key = draw(draws, block * block, T());
      auto inverse = invert(key);
      if (!inverse || !usable(key, *inverse, block)) continue;
      out.keys[c] = std::move(key);
      out.inverses[c] = std::move(*inverse);
      break;
    }
  }
  return out;
}

/// Throws ParameterError for a key that some image would not come back under.
void check_error(const RealMatrix& key, const RealMatrix& inverse, std::size_t channel) {
  constexpr double kHalfAStep = 0.5;  // what rounding to bytes puts right
  const double error = RealHill::worst_error(key, inverse);
  if (error < kHalfAStep) return;
  throw ParameterError(fmt::format(
      "the key matrix of channel {} is so near to a singular one that pixels come back wrong by up to {:.2g} "
      "of 255, because protected samples have single precision; less than {} is needed: take another matrix",
      channel, error, kHalfAStep));
}
void check_error(const ByteMatrix&, const ByteMatrix&, std::size_t) {}

template <typename T>
HillMatrices<T> check_matrices(std::vector<Square<T>> keys, std::size_t block) {
  if (keys.size() != kChannels) {
    throw ParameterError("hill has 3 key matrices, one a channel, not " + std::to_string(keys.size()));
  }
  HillMatrices<T> out;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const std::size_t size = block * block;
    if (keys[c].size != size || keys[c].values.size() != size * size) {
      throw ParameterError("hill with blocks of " + std::to_string(block) + " has key matrices of " +
                           std::to_string(size) + " rows, not " + std::to_string(keys[c].size));
    }
    auto inverse = invert(keys[c]);
    if (!inverse) throw ParameterError("the key matrix of channel " + std::to_string(c) + " is singular");
    check_error(keys[c], *inverse, c);
    out.keys[c] = std::move(keys[c]);
    out.inverses[c] = std::move(*inverse);
  }
  return out;
}

/// out = in * matrix for row vectors; sums run in the order of the rows, whatever the machine.
template <typename T, typename Sum>
void times(const std::vector<Sum>& in, const Square<T>& matrix, std::vector<Sum>& out) {
  std::fill(out.begin(), out.end(), Sum(0));
  for (std::size_t p = 0; p < matrix.size; ++p) {
    const T* row = matrix.values.data() + p * matrix.size;
    for (std::size_t j = 0; j < matrix.size; ++j) out[j] += in[p] * row[j];
  }
}

/// Calls read(y, x, c) for the pixels of every block of every channel, and write(y, x, c, value) for what the channel's
/// matrix makes of them.
template <typename Sum, typename T, typename Read, typename Write>
void each_block(const Grid& grid, std::size_t channels, const std::array<Square<T>, 3>& matrices, Read read,
                Write write) {
  const std::size_t n = grid.side * grid.side;
  std::vector<Sum> in(n), out(n);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t b = 0; b < grid.count(); ++b) {
      const std::size_t top = grid.top(b), left = grid.left(b);
      for (std::size_t i = 0; i < n; ++i) in[i] = static_cast<Sum>(read(top + i / grid.side, left + i % grid.side, c));
      times(in, matrices[c], out);
      for (std::size_t i = 0; i < n; ++i) write(top + i / grid.side, left + i % grid.side, c, out[i]);
    }
  }
}

std::uint8_t to_byte(double v) {
  if (!(v > 0)) return 0;  // nor is what a damaged file may hold, "not a number", above 0
  return v >= 255 ? 255 : static_cast<std::uint8_t>(v + 0.5);
}

HillKernel kernel_of(const std::array<RealMatrix, 3>& matrices, std::size_t channels, std::size_t block) {
  if (channels == 0 || channels > kChannels) throw ParameterError("a picture has 1 or 3 channels");
  HillKernel out{channels, block, {}};
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t j = 0; j < block * block; ++j) {
      for (std::size_t p = 0; p < block * block; ++p) out.values.push_back(static_cast<float>(matrices[c].at(p, j)));
    }
  }
  return out;
}

image::Image modular(const image::Image& in, const std::array<ByteMatrix, 3>& matrices, std::size_t block) {
  image::Image out(in.channels, in.height, in.width);
  each_block<std::uint32_t>(
      Grid(in.height, in.width, block), in.channels, matrices,
      [&](std::size_t y, std::size_t x, std::size_t c) { return in.at(y, x, c); },
      [&](std::size_t y, std::size_t x, std::size_t c, std::uint32_t v) {
        out.at(y, x, c) = static_cast<std::uint8_t>(v);
      });
  return out;
}

}  // namespace

RealHill::RealHill(Parameters parameters, const Seed& seed)
    : Shield(std::move(parameters)), matrices_(draw_matrices<double>(seed, block())) {}

RealHill::RealHill(Parameters parameters, std::vector<RealMatrix> keys)
    : Shield(std::move(parameters)), matrices_(check_matrices(std::move(keys), block())) {}

double RealHill::worst_condition(std::size_t block) {
  // Most matrices with uniform entries are below; none is that costs an 8-bit sample its value in single precision.
  return 4 * static_cast<double>(block * block * block);
}

double RealHill::worst_error(const RealMatrix& key, const RealMatrix& inverse) {
  const std::size_t n = key.size;
  // Of each sample half the distance of two numbers of single precision, where it is largest.
  std::vector<double> rounding(n);
  for (std::size_t j = 0; j < n; ++j) {
    double up = 0, down = 0;
    for (std::size_t p = 0; p < n; ++p) (key.at(p, j) > 0 ? up : down) += kBrightest * std::abs(key.at(p, j));
    const auto largest = static_cast<float>(std::max(up, down));
    if (!(largest < std::numeric_limits<float>::max())) return std::numeric_limits<double>::infinity();
    rounding[j] = 0.5 * (static_cast<double>(std::nextafter(largest, std::numeric_limits<float>::max())) - largest);
  }
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double error = 0;
    for (std::size_t j = 0; j < n; ++j) error += std::abs(inverse.at(j, i)) * rounding[j];
    // And what the inverse itself is off.
    for (std::size_t p = 0; p < n; ++p) {
      double product = p == i ? -1 : 0;
      for (std::size_t j = 0; j < n; ++j) product += key.at(p, j) * inverse.at(j, i);
      error += kBrightest * std::abs(product);
    }
    worst = std::max(worst, std::isfinite(error) ? error : std::numeric_limits<double>::infinity());
  }
  return worst;
}

double RealHill::key_space_bits(std::size_t channels, std::size_t, std::size_t) const {
  return 53.0 * static_cast<double>(channels) * std::pow(static_cast<double>(block()), 4);
}

std::optional<BlockMap> RealHill::block_map(std::size_t channels, std::size_t height, std::size_t width) const {
  if (!is_whole(channels, height, width, block())) return std::nullopt;
  const std::size_t area = block() * block(), n = channels * area;
  BlockMap map{
      channels, block(), std::vector<double>(n * n, 0), std::vector<double>(n * n, 0), std::vector<double>(n, 0), {}};
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t out = 0; out < area; ++out) {
      for (std::size_t in = 0; in < area; ++in) {
        map.matrix[(c * area + out) * n + c * area + in] = matrices_.keys.at(c).at(in, out);
        map.inverse[(c * area + out) * n + c * area + in] = matrices_.inverses.at(c).at(in, out);
      }
    }
  }
  return map;
}

HillKernel RealHill::convolution(std::size_t channels) const {
  return kernel_of(matrices_.keys, channels, block());
}

HillKernel RealHill::inverse_convolution(std::size_t channels) const {
  return kernel_of(matrices_.inverses, channels, block());
}

Picture RealHill::forward(const image::Image& padded) const {
  RealImage out{padded.channels, padded.height, padded.width, std::vector<float>(padded.pixels.size())};
  each_block<double>(
      Grid(padded.height, padded.width, block()), padded.channels, matrices_.keys,
      [&](std::size_t y, std::size_t x, std::size_t c) { return padded.at(y, x, c); },
      [&](std::size_t y, std::size_t x, std::size_t c, double v) {
        out.values[(c * out.height + y) * out.width + x] = static_cast<float>(v);
      });
  return out;
}

image::Image RealHill::backward(const Picture& picture) const {
  const auto& in = std::get<RealImage>(picture);
  image::Image out(in.channels, in.height, in.width);
  each_block<double>(
      Grid(in.height, in.width, block()), in.channels, matrices_.inverses,
      [&](std::size_t y, std::size_t x, std::size_t c) { return in.values[(c * in.height + y) * in.width + x]; },
      [&](std::size_t y, std::size_t x, std::size_t c, double v) { out.at(y, x, c) = to_byte(v); });
  return out;
}

ModularHill::ModularHill(Parameters parameters, const Seed& seed)
    : Shield(std::move(parameters)), matrices_(draw_matrices<std::uint8_t>(seed, block())) {}

ModularHill::ModularHill(Parameters parameters, std::vector<ByteMatrix> keys)
    : Shield(std::move(parameters)), matrices_(check_matrices(std::move(keys), block())) {}

double ModularHill::key_space_bits(std::size_t channels, std::size_t, std::size_t) const {
  // All matrices, times the share of those that are invertible modulo 2.
  const std::size_t n = block() * block();
  double one = 8.0 * static_cast<double>(n * n);
  for (std::size_t i = 1; i <= n; ++i) one += std::log2(1 - std::pow(2.0, -static_cast<double>(i)));
  return static_cast<double>(channels) * one;
}

Picture ModularHill::forward(const image::Image& padded) const {
  return modular(padded, matrices_.keys, block());
}

image::Image ModularHill::backward(const Picture& picture) const {
  return modular(std::get<image::Image>(picture), matrices_.inverses, block());
}

}  // namespace obscura::shield
