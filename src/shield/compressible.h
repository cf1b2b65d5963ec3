#pragma once

#include "shield/shield.h"

namespace obscura::shield {

/// EtC, encryption then compression: T. Chuman, W. Sirichotedumrong, H. Kiya, "Encryption-Then-Compression Systems
/// Using Grayscale-Based Image Encryption for JPEG Images", IEEE TIFS 14(6), 2019, in its form for colours. Blocks are
/// shuffled; each is turned and mirrored into one of eight positions, is replaced by its negative or not, and has its
/// colours put in one of six orders. With blocks of 16, JPEG's own unit when it halves colours, what comes back from a
/// JPEG file reveals as well as a JPEG of the original. Every step is a bijection: a program in circulation overwrites
/// colours while it reorders them, and loses some.
class Etc : public Shield {
 public:
  Etc(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)), seed_(seed) {}
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  Seed seed_;
};

}  // namespace obscura::shield
