#pragma once

#include "shield/shield.h"

namespace obscura::shield {

/// LE, "learnable encryption": M. Tanaka, "Learnable Image Encryption", IEEE ICCE-TW 2018. The bytes of a colour block,
/// in order of row, column and channel, fall into low and high halves of four bits; a permutation shuffles those, and
/// 15 - v replaces some of them, before and after. All blocks have the same key. The permutation alone is the key,
/// as in the author's program: the half-bytes turned around are those whose entry is above half its size.
class Le : public Shield {
 public:
  Le(Parameters parameters, const Seed& seed);
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;
  template <typename Change>
  image::Image each_block(image::Image image, const Change& change) const;

  std::vector<std::uint32_t> key_;
};

/// ELE, extended learnable encryption: K. Madono, M. Tanaka, M. Onishi, T. Ogawa, "Block-wise Scrambled Image
/// Recognition Using Adaptation Network", AAAI workshop on Artificial Intelligence of Things, 2020. Each block has an
/// LE key of its own, and then the blocks are shuffled.
class Ele : public Shield {
 public:
  Ele(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)), seed_(seed) {}
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  Seed seed_;
};

}  // namespace obscura::shield
