#include "shield/compressible.h"

#include <cmath>

#include "shield/blocks.h"

namespace obscura::shield {
namespace {

/// What happens to one block.
struct BlockKey {
  std::size_t from = 0;  ///< its place in the original
  std::size_t to = 0;    ///< and in the protected picture
  bool transpose = false;
  bool upside_down = false;
  bool mirror = false;
  std::uint8_t mask = 0;
  const std::uint8_t* order = nullptr;
};

/// `choices`: 16 for eight positions of a square (all turns and mirror images), negative or not; 96 with six orders.
std::vector<BlockKey> draw_keys(const Seed& seed, const char* purpose, std::uint32_t choices, const Grid& grid) {
  const std::uint64_t numbers[] = {grid.side, grid.rows, grid.columns};
  Draws draws(derive(seed, purpose, numbers));
  const std::vector<std::uint32_t> shuffle = draws.permutation(grid.count());
  std::vector<BlockKey> keys(grid.count());
  for (std::size_t b = 0; b < keys.size(); ++b) {
    const std::uint32_t key = draws.below(choices);
    keys[b] = {b,
               shuffle[b],
               (key & 1) != 0,
               (key & 2) != 0,
               (key & 4) != 0,
               static_cast<std::uint8_t>((key & 8) != 0 ? 255 : 0),
               kColourOrders[key / 16]};
  }
  return keys;
}

/// Calls move(plain, hidden, key) with the places of pixels in the original and the protected picture.
template <typename Move>
void each_pixel(const std::vector<BlockKey>& keys, const Grid& grid, Move move) {
  const std::size_t last = grid.side - 1, width = grid.columns * grid.side;
  for (const BlockKey& key : keys) {
    for (std::size_t y = 0; y <= last; ++y) {
      for (std::size_t x = 0; x <= last; ++x) {
        std::size_t v = key.transpose ? x : y, u = key.transpose ? y : x;
        if (key.upside_down) v = last - v;
        if (key.mirror) u = last - u;
        move((grid.top(key.from) + v) * width + grid.left(key.from) + u,
             (grid.top(key.to) + y) * width + grid.left(key.to) + x, key);
      }
    }
  }
}

/// Calls move(plain, hidden, mask) with the places of samples in a colour image and in its protected form.
template <typename Move>
void each_sample(const Seed& seed, const Grid& grid, Move move) {
  each_pixel(draw_keys(seed, "etc", 96, grid), grid, [&](std::size_t plain, std::size_t hidden, const BlockKey& key) {
    for (std::size_t c = 0; c < 3; ++c) move(3 * plain + key.order[c], 3 * hidden + c, key.mask);
  });
}

/// The same where the protected picture is grey and has the colours of the image side by side.
template <typename Move>
void each_grey_sample(const Seed& seed, const Grid& grid, Move move) {
  const std::size_t across = grid.columns * grid.side, width = across / 3;
  each_pixel(draw_keys(seed, "etc-grayscale", 16, grid), grid,
             [&](std::size_t plain, std::size_t hidden, const BlockKey& key) {
               const std::size_t y = plain / across, x = plain % across;
               move(3 * (y * width + x % width) + x / width, hidden, key.mask);
             });
}

}  // namespace

double Etc::key_space_bits(std::size_t, std::size_t height, std::size_t width) const {
  const Grid grid(round_up(height, block()), round_up(width, block()), block());
  const auto blocks = static_cast<double>(grid.count());
  return log2_factorial(blocks) + blocks * std::log2(96.0);
}

Picture Etc::forward(const image::Image& padded) const {
  image::Image out = padded;
  each_sample(seed_, Grid(out.height, out.width, block()),
              [&](std::size_t plain, std::size_t hidden, std::uint8_t mask) {
                out.pixels[hidden] = padded.pixels[plain] ^ mask;
              });
  return out;
}

image::Image Etc::backward(const Picture& picture) const {
  const auto& in = std::get<image::Image>(picture);
  image::Image out = in;
  each_sample(
      seed_, Grid(out.height, out.width, block()),
      [&](std::size_t plain, std::size_t hidden, std::uint8_t mask) { out.pixels[plain] = in.pixels[hidden] ^ mask; });
  return out;
}

double EtcGrayscale::key_space_bits(std::size_t, std::size_t height, std::size_t width) const {
  const Grid grid(round_up(height, block()), 3 * round_up(width, block()), block());
  const auto blocks = static_cast<double>(grid.count());
  return log2_factorial(blocks) + 4 * blocks;
}

Picture EtcGrayscale::forward(const image::Image& padded) const {
  image::Image out(1, padded.height, 3 * padded.width);
  each_grey_sample(seed_, Grid(out.height, out.width, block()),
                   [&](std::size_t plain, std::size_t hidden, std::uint8_t mask) {
                     out.pixels[hidden] = padded.pixels[plain] ^ mask;
                   });
  return out;
}

image::Image EtcGrayscale::backward(const Picture& picture) const {
  const auto& in = std::get<image::Image>(picture);
  image::Image out(3, in.height, in.width / 3);
  each_grey_sample(
      seed_, Grid(in.height, in.width, block()),
      [&](std::size_t plain, std::size_t hidden, std::uint8_t mask) { out.pixels[plain] = in.pixels[hidden] ^ mask; });
  return out;
}

}  // namespace obscura::shield
