#include "audit/statistics/placed_samples.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace obscura::audit {
namespace {

using shield::Grid;

std::size_t size_of(std::size_t channels, std::size_t side, Unit unit) {
  return channels * side * side * (unit == Unit::halves ? 2 : 1);
}

/// Calls change(sample, i) for the samples of a block in order.
template <typename Image, typename Change>
void each_sample(Image& image, const Grid& grid, std::size_t place, Change change) {
  const std::size_t channels = image.channels, run = channels * grid.side;
  for (std::size_t y = 0; y < grid.side; ++y) {
    auto* row = &image.pixels[channels * ((grid.top(place) + y) * image.width + grid.left(place))];
    for (std::size_t x = 0; x < run; ++x) change(row[x], y * run + x);
  }
}

void read_picture(const image::Image& image, const Grid& grid, Unit unit, std::size_t picture, PlacedSamples& out) {
  const std::size_t bytes = size_of(image.channels, grid.side, Unit::samples);
  for (std::size_t b = 0; b < grid.count(); ++b) {
    std::uint8_t* to = out.block(picture, b);
    each_sample(image, grid, b, [&](std::uint8_t v, std::size_t i) {
      to[i] = unit == Unit::halves ? v & 15 : v;
      if (unit == Unit::halves) to[bytes + i] = v >> 4;
    });
  }
}

PlacedSamples make_blocks(std::size_t count, const Grid& grid, std::size_t channels, Unit unit) {
  PlacedSamples out{count, grid.rows, grid.columns, size_of(channels, grid.side, unit), {}};
  out.values.resize(count * out.places() * out.size);
  return out;
}

template <typename Function>
std::vector<float> table(std::size_t size, Function function) {
  std::vector<float> out;
  for (std::size_t v = 0; v < size; ++v) out.push_back(static_cast<float>(function(static_cast<double>(v))));
  return out;
}

}  // namespace

PlacedSamples read_blocks(std::span<const image::Image> pictures, std::size_t side, Unit unit, std::size_t channels) {
  const image::Image& first = pictures[0];
  for (const image::Image& p : pictures) {
    if (p.channels != channels || p.height != first.height || p.width != first.width || p.height % side != 0 ||
        p.width % side != 0 || p.empty() || p.pixels.size() != channels * p.height * p.width) {
      throw MismatchError(std::string("protected pictures must be ") + (channels == 3 ? "colour" : "grey") +
                          " ones of one shape, in whole blocks of " + std::to_string(side) + " pixels");
    }
  }
  const Grid grid(first.height, first.width, side);
  PlacedSamples out = make_blocks(pictures.size(), grid, channels, unit);
  for (std::size_t n = 0; n < pictures.size(); ++n) read_picture(pictures[n], grid, unit, n, out);
  return out;
}

PlacedSamples read_blocks(const image::Dataset& set, std::size_t count, std::size_t side, Unit unit) {
  if (set.channels != 3) throw MismatchError("public images have no colours, protected ones have");
  const Grid grid(shield::round_up(set.height, side), shield::round_up(set.width, side), side);
  PlacedSamples out = make_blocks(count, grid, 3, unit);
  for (std::size_t n = 0; n < count; ++n) read_picture(shield::pad(set.image(n), side), grid, unit, n, out);
  return out;
}

image::Image write_blocks(const PlacedSamples& blocks, std::size_t picture, std::size_t side, Unit unit,
                          std::size_t channels) {
  image::Image out(channels, blocks.rows * side, blocks.columns * side);
  const Grid grid(out.height, out.width, side);
  const std::size_t bytes = size_of(channels, side, Unit::samples);
  for (std::size_t b = 0; b < grid.count(); ++b) {
    const std::uint8_t* from = blocks.block(picture, b);
    each_sample(out, grid, b, [&](std::uint8_t& v, std::size_t i) {
      v = unit == Unit::halves ? static_cast<std::uint8_t>((from[bytes + i] << 4) + from[i]) : from[i];
    });
  }
  return out;
}

void undo_half_bytes(const SignedPermutation& key, const std::uint8_t* from, std::uint8_t* to) {
  for (std::size_t i = 0; i < key.place.size(); ++i) {
    const std::uint8_t v = from[key.place[i]];
    to[i] = key.sign[i] < 0 ? static_cast<std::uint8_t>(15 - v) : v;
  }
}

PlacedSamples with_half_bytes_in_order(const PlacedSamples& hidden, const SignedPermutation& key) {
  PlacedSamples plain = hidden;
  for (std::size_t n = 0; n < hidden.count; ++n) {
    for (std::size_t b = 0; b < hidden.places(); ++b) undo_half_bytes(key, hidden.block(n, b), plain.block(n, b));
  }
  return plain;
}

std::vector<Feature> half_byte_features() {
  const auto angle = [](double v) { return 2 * std::numbers::pi * (v + 0.5) / 16; };
  return {{table(16, [](double v) { return (v - 7.5) / 4.61; }), true},
          {table(16, [&](double v) { return std::numbers::sqrt2 * std::sin(angle(v)); }), true},
          {table(16, [&](double v) { return std::numbers::sqrt2 * std::cos(angle(v)); }), false}};
}

std::vector<Feature> byte_features() {
  return {{table(256, [](double v) { return (v - 127.5) / 64; }), true}};
}

MatrixF feature_rows(const PlacedSamples& samples, std::size_t place, const Feature& feature) {
  MatrixF out(static_cast<Eigen::Index>(samples.count), static_cast<Eigen::Index>(samples.size));
  for (std::size_t n = 0; n < samples.count; ++n) {
    const std::uint8_t* from = samples.block(n, place);
    for (std::size_t i = 0; i < samples.size; ++i) {
      out(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(i)) = feature.table[from[i]];
    }
  }
  return out;
}

}  // namespace obscura::audit
