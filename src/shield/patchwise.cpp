#include "shield/patchwise.h"

#include "shield/blocks.h"

namespace obscura::shield {
namespace {

/// The same in every block: sample i of the protected block is sample from[i] of the plain one, XOR mask[i].
struct SampleKey {
  std::vector<std::uint32_t> from;
  std::vector<std::uint8_t> mask;
};

SampleKey draw_samples(const Seed& seed, std::size_t channels, std::size_t block) {
  const std::uint64_t numbers[] = {channels, block};
  Draws draws(derive(seed, "vit: samples", numbers));
  SampleKey key;
  key.from = draws.permutation(channels * block * block);
  for (std::size_t i = 0; i < key.from.size(); ++i) key.mask.push_back(draws.below(2) != 0 ? 255 : 0);
  return key;
}

std::vector<std::uint32_t> draw_places(const Seed& seed, const Grid& grid) {
  const std::uint64_t numbers[] = {grid.side, grid.rows, grid.columns};
  return Draws(derive(seed, "vit: blocks", numbers)).permutation(grid.count());
}

/// Calls move(plain, hidden, mask) with the places of samples in the pixels of the original and the protected picture.
template <typename Move>
void each_sample(const Seed& seed, std::size_t channels, const Grid& grid, Move move) {
  const SampleKey key = draw_samples(seed, channels, grid.side);
  const auto places = draw_places(seed, grid);
  const std::size_t width = grid.columns * grid.side, area = grid.side * grid.side;
  const auto at = [&](std::size_t block, std::size_t i) {
    const std::size_t y = grid.top(block) + i % area / grid.side, x = grid.left(block) + i % grid.side;
    return (y * width + x) * channels + i / area;
  };
  for (std::size_t b = 0; b < grid.count(); ++b) {
    for (std::size_t i = 0; i < key.from.size(); ++i) move(at(b, key.from[i]), at(places[b], i), key.mask[i]);
  }
}

}  // namespace

double Vit::key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const {
  const Grid grid(round_up(height, block()), round_up(width, block()), block());
  const auto samples = static_cast<double>(channels * block() * block());
  return log2_factorial(samples) + samples + log2_factorial(static_cast<double>(grid.count()));
}

std::optional<BlockMap> Vit::block_map(std::size_t channels, std::size_t height, std::size_t width) const {
  if (!is_whole(channels, height, width, block())) return std::nullopt;
  const SampleKey key = draw_samples(seed_, channels, block());
  const std::size_t n = key.from.size();
  BlockMap map{channels,
               block(),
               std::vector<double>(n * n, 0),
               std::vector<double>(n * n, 0),
               std::vector<double>(n, 0),
               draw_places(seed_, Grid(height, width, block()))};
  for (std::size_t i = 0; i < n; ++i) {
    const double sign = key.mask[i] != 0 ? -1 : 1;
    map.matrix[i * n + key.from[i]] = map.inverse[key.from[i] * n + i] = sign;
    map.offset[i] = key.mask[i];
  }
  return map;
}

Picture Vit::forward(const image::Image& padded) const {
  image::Image out = padded;
  each_sample(seed_, padded.channels, Grid(out.height, out.width, block()),
              [&](std::size_t plain, std::size_t hidden, std::uint8_t mask) {
                out.pixels[hidden] = padded.pixels[plain] ^ mask;
              });
  return out;
}

image::Image Vit::backward(const Picture& picture) const {
  const auto& in = std::get<image::Image>(picture);
  image::Image out = in;
  each_sample(
      seed_, in.channels, Grid(out.height, out.width, block()),
      [&](std::size_t plain, std::size_t hidden, std::uint8_t mask) { out.pixels[plain] = in.pixels[hidden] ^ mask; });
  return out;
}

}  // namespace obscura::shield
