#pragma once

#include <array>
#include <vector>

#include "shield/matrix.h"
#include "shield/shield.h"

namespace obscura::shield {

/// Weights of a convolution with kernel = stride = block and one group a channel, without padding or bias:
/// values[((c * block^2 + j) * block + y) * block + x] weighs pixel (y, x) of a block of channel c in output j of it.
struct HillKernel {
  std::size_t channels = 0;
  std::size_t block = 0;
  std::vector<float> values;
};

/// A matrix a channel with its inverse.
template <typename T>
struct HillMatrices {
  std::array<Square<T>, 3> keys;
  std::array<Square<T>, 3> inverses;
};

/// The Hill cipher on blocks of pixels: block k x k of channel c, read in rows as a row vector v of k^2 values, becomes
/// v K_c, written back in rows. L. S. Hill, "Cryptography in an Algebraic Alphabet", Amer. Math. Monthly 36(6), 1929,
/// over the reals as in ER-CNN: entries of K_c uniform in [-1, 1), pixels 0 to 255, no modulus, no rounding. There any
/// key is taken; here one is drawn again until its condition number is below worst_condition(), which leaves a margin,
/// and one from elsewhere is taken if its worst_error() is below half a step. Grey images use the first matrix.
class RealHill : public Shield {
 public:
  RealHill(Parameters parameters, const Seed& seed);
  /// Keys from elsewhere: three matrices. Throws ParameterError for another number or size, or for one that is singular
  /// or has a worst_error() of 0.5 and more.
  RealHill(Parameters parameters, std::vector<RealMatrix> keys);

  /// Keys that are drawn have smaller ones. Part of what a seed stands for: it never changes.
  static double worst_condition(std::size_t block);
  /// The most that a pixel, 0 to 255, can be off when an image comes back: a bound over all images, by what rounding to
  /// single precision takes from protected samples and by what the inverse is off. Infinite beyond single precision.
  static double worst_error(const RealMatrix& key, const RealMatrix& inverse);
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;
  bool takes_channels(std::size_t) const override { return true; }
  std::optional<BlockMap> block_map(std::size_t channels, std::size_t height, std::size_t width) const override;
  const RealMatrix& key(std::size_t channel) const { return matrices_.keys.at(channel); }

  /// The same map for a network: its output, deeper by k^2 and smaller by k a side, holds what forward() writes into
  /// the block at that place.
  HillKernel convolution(std::size_t channels) const;
  /// The map back, in the same layout: what an adaptation network has to learn.
  HillKernel inverse_convolution(std::size_t channels) const;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  HillMatrices<double> matrices_;
};

/// The classical cipher: whole numbers modulo 256, keys uniform among the invertible matrices. It leaves no smoothness
/// that a network could learn from; a contrast to the above.
class ModularHill : public Shield {
 public:
  ModularHill(Parameters parameters, const Seed& seed);
  /// As RealHill's; singular is what has an even determinant.
  ModularHill(Parameters parameters, std::vector<ByteMatrix> keys);

  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;
  bool takes_channels(std::size_t) const override { return true; }
  const ByteMatrix& key(std::size_t channel) const { return matrices_.keys.at(channel); }

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  HillMatrices<std::uint8_t> matrices_;
};

}  // namespace obscura::shield
