#include "shield/nibbles.h"

#include "shield/blocks.h"

namespace obscura::shield {
namespace {

using Permutation = std::vector<std::uint32_t>;

/// Half-bytes of one block of a colour picture: the low ones of all samples, then the high ones.
using Nibbles = std::vector<std::uint8_t>;

std::size_t nibbles_of(std::size_t side) {
  return 2 * 3 * side * side;
}

/// Blocks of a colour picture as half-bytes and back. A row of a block lies in one piece.
class NibbleView {
 public:
  explicit NibbleView(const Grid& grid) : grid_(grid), run_(3 * grid.side), bytes_(grid.side * run_) {}

  void read(const image::Image& image, std::size_t block, Nibbles& out) const {
    out.resize(2 * bytes_);
    for (std::size_t y = 0; y < grid_.side; ++y) {
      const std::uint8_t* from = &image.pixels[start(image, block, y)];
      for (std::size_t i = 0; i < run_; ++i) {
        out[y * run_ + i] = from[i] & 15;
        out[bytes_ + y * run_ + i] = from[i] >> 4;
      }
    }
  }

  void write(image::Image& image, std::size_t block, const Nibbles& in) const {
    for (std::size_t y = 0; y < grid_.side; ++y) {
      std::uint8_t* to = &image.pixels[start(image, block, y)];
      for (std::size_t i = 0; i < run_; ++i) {
        to[i] = static_cast<std::uint8_t>((in[bytes_ + y * run_ + i] << 4) + in[y * run_ + i]);
      }
    }
  }

 private:
  std::size_t start(const image::Image& image, std::size_t block, std::size_t y) const {
    return 3 * ((grid_.top(block) + y) * image.width + grid_.left(block));
  }

  const Grid& grid_;
  std::size_t run_;
  std::size_t bytes_;
};

bool reversed(const Permutation& key, std::size_t i) {
  return key[i] > key.size() / 2;
}

void encipher(const Permutation& key, Nibbles& v, Nibbles& spare) {
  spare.resize(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) spare[i] = reversed(key, i) ? 15 - v[i] : v[i];
  for (std::size_t j = 0; j < v.size(); ++j) v[j] = reversed(key, j) ? 15 - spare[key[j]] : spare[key[j]];
}

void decipher(const Permutation& key, Nibbles& v, Nibbles& spare) {
  spare.resize(v.size());
  for (std::size_t j = 0; j < v.size(); ++j) spare[key[j]] = reversed(key, j) ? 15 - v[j] : v[j];
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = reversed(key, i) ? 15 - spare[i] : spare[i];
}

/// Keys of the blocks of pictures of one size, drawn one after the other, after the shuffle: block b goes to the place
/// of block shuffle[b].
struct EleKeys {
  EleKeys(const Seed& seed, const Grid& grid) : draws(sized(seed, grid)), shuffle(draws.permutation(grid.count())) {}
  Permutation next(std::size_t side) { return draws.permutation(nibbles_of(side)); }

  static Seed sized(const Seed& seed, const Grid& grid) {
    const std::uint64_t numbers[] = {grid.side, grid.rows, grid.columns};
    return derive(seed, "ele", numbers);
  }

  Draws draws;
  Permutation shuffle;
};

}  // namespace

Le::Le(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)) {
  const std::uint64_t numbers[] = {block()};
  key_ = Draws(derive(seed, "le", numbers)).permutation(nibbles_of(block()));
}

double Le::key_space_bits(std::size_t, std::size_t, std::size_t) const {
  return log2_factorial(static_cast<double>(nibbles_of(block())));
}

/// Every block of the image through `change(nibbles, spare)`.
template <typename Change>
image::Image Le::each_block(image::Image image, const Change& change) const {
  const Grid grid(image.height, image.width, block());
  const NibbleView view(grid);
  Nibbles v, spare;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    view.read(image, b, v);
    change(v, spare);
    view.write(image, b, v);
  }
  return image;
}

Picture Le::forward(const image::Image& padded) const {
  return each_block(padded, [&](Nibbles& v, Nibbles& spare) { encipher(key_, v, spare); });
}

image::Image Le::backward(const Picture& picture) const {
  return each_block(std::get<image::Image>(picture), [&](Nibbles& v, Nibbles& spare) { decipher(key_, v, spare); });
}

double Ele::key_space_bits(std::size_t, std::size_t height, std::size_t width) const {
  const Grid grid(round_up(height, block()), round_up(width, block()), block());
  const auto blocks = static_cast<double>(grid.count());
  return blocks * log2_factorial(static_cast<double>(nibbles_of(block()))) + log2_factorial(blocks);
}

Picture Ele::forward(const image::Image& padded) const {
  image::Image out = padded;
  const Grid grid(out.height, out.width, block());
  const NibbleView view(grid);
  EleKeys keys(seed_, grid);
  Nibbles v, spare;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    view.read(padded, b, v);
    encipher(keys.next(block()), v, spare);
    view.write(out, keys.shuffle[b], v);
  }
  return out;
}

image::Image Ele::backward(const Picture& picture) const {
  const auto& in = std::get<image::Image>(picture);
  image::Image out = in;
  const Grid grid(out.height, out.width, block());
  const NibbleView view(grid);
  EleKeys keys(seed_, grid);
  Nibbles v, spare;
  for (std::size_t b = 0; b < grid.count(); ++b) {
    view.read(in, keys.shuffle[b], v);
    decipher(keys.next(block()), v, spare);
    view.write(out, b, v);
  }
  return out;
}

}  // namespace obscura::shield
