#pragma once

#include <cstddef>
#include <cstdint>

#include "image/image.h"

/// For this folder and the audits of its shields: pictures as blocks, counted in rows from top left.
namespace obscura::shield {

/// How many blocks of `side` pixels a picture has, whose sides are multiples of it.
struct Grid {
  Grid(std::size_t height, std::size_t width, std::size_t side_)
      : side(side_), rows(height / side_), columns(width / side_) {}
  std::size_t count() const { return rows * columns; }
  std::size_t top(std::size_t block) const { return block / columns * side; }
  std::size_t left(std::size_t block) const { return block % columns * side; }

  std::size_t side;
  std::size_t rows;
  std::size_t columns;
};

inline std::size_t round_up(std::size_t v, std::size_t multiple) {
  return (v + multiple - 1) / multiple * multiple;
}

/// True for the shapes of padded pictures.
inline bool is_whole(std::size_t channels, std::size_t height, std::size_t width, std::size_t side) {
  return (channels == 1 || channels == 3) && height > 0 && width > 0 && height % side == 0 && width % side == 0;
}

/// The image with its last row and column repeated until both sides are multiples of `side`.
image::Image pad(const image::Image& image, std::size_t side);
/// The upper left corner.
image::Image crop(const image::Image& image, std::size_t height, std::size_t width);

/// Red, green and blue side by side in one grey picture, three times as wide.
image::Image planes_beside(const image::Image& colour);
/// The inverse, of a picture whose width is a multiple of three.
image::Image from_planes_beside(const image::Image& planes);

/// The six orders of three colours: out[c] = in[kColourOrders[o][c]].
inline constexpr std::uint8_t kColourOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

}  // namespace obscura::shield
