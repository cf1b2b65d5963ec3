#pragma once

#include "shield/shield.h"

namespace obscura::shield {

/// EtC, encryption then compression, in its form for colours: block scrambling by K. Kurihara, M. Kikuchi, S. Imaizumi,
/// S. Shiota, H. Kiya, "An Encryption-then-Compression System for JPEG/Motion JPEG Standard", IEICE Trans. E98-A(11),
/// 2015, the "color-based scheme" of the paper below. Blocks are shuffled; each is turned and mirrored into one of
/// eight positions, is replaced by its negative or not, and has its colours put in one of six orders. Every step is a
/// bijection: a program in circulation overwrites colours while it reorders them, and loses some. With
/// blocks that are multiples of 8, a JPEG file of the result with colours at full resolution (4:4:4) reveals as well as
/// a JPEG of the original. With halved colours (4:2:0) that takes multiples of 16 and a reader that repeats colours;
/// most interpolate them, over the borders of blocks that were never neighbours, and lose decibels (docs/shields.md).
class Etc : public Shield {
 public:
  Etc(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)), seed_(seed) {}
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  Seed seed_;
};

/// The grayscale-based scheme: T. Chuman, W. Sirichotedumrong, H. Kiya, "Encryption-Then-Compression Systems Using
/// Grayscale-Based Image Encryption for JPEG Images", IEEE TIFS 14(6), 2019. Red, green and blue of an image stand side
/// by side in one grey picture three times as wide. Its blocks are shuffled over all three; each is turned and mirrored
/// into one of eight positions, and is replaced by its negative or not. A grey JPEG has no colours to halve and works
/// in blocks of 8, so blocks of 8 are enough, and a JPEG loses what it loses of the three planes by themselves. Later
/// papers of the authors lay Y, Cb and Cr side by side instead; that is not exactly invertible, and not done here.
class EtcGrayscale : public Shield {
 public:
  EtcGrayscale(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)), seed_(seed) {}
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;
  std::size_t planes_across() const override { return 3; }

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  Seed seed_;
};

}  // namespace obscura::shield
