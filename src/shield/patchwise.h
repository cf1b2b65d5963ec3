#pragma once

#include "shield/shield.h"

namespace obscura::shield {

/// Block-wise encryption for networks that read patches: H. Kiya, R. Iijima, M. AprilPyone, Y. Kinoshita, "Image and
/// Model Transformation with Secret Key for Vision Transformer", IEICE Trans. E106-D(1), 2023. The samples of a block,
/// of all channels together, are put in another order and some replaced by their negatives, in every block alike; then
/// the blocks are shuffled. A transformer whose patch is the block can take all of it into its first layer and its
/// positions (train/absorb.h).
class Vit : public Shield {
 public:
  Vit(Parameters parameters, const Seed& seed) : Shield(std::move(parameters)), seed_(seed) {}
  double key_space_bits(std::size_t channels, std::size_t height, std::size_t width) const override;
  bool takes_channels(std::size_t) const override { return true; }
  std::optional<BlockMap> block_map(std::size_t channels, std::size_t height, std::size_t width) const override;

 private:
  Picture forward(const image::Image& padded) const override;
  image::Image backward(const Picture& picture) const override;

  Seed seed_;
};

}  // namespace obscura::shield
