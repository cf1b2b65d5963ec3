#pragma once

// Internal to src/train.
#include "train/vision/layers.h"

namespace obscura::train {

/// Undoes a shield as far as it has learned to. Always in float.
class AdaptationModule : public VisionModule {
 public:
  void use_bfloat16(bool) override {}
};

/// ER-CNN: a convolution with a map for each sample of a block ("conv"), and a transposed one back ("deconv"). Both are
/// linear, so that they can hold the inverse of any shield that is linear in blocks, as the Hill cipher over the reals
/// is. Starts as the identity: random orthogonal maps, and back. With padding 1 it is the published one, which mixes
/// channels, has its windows a pixel off the blocks and starts at random.
class BlockInverse : public AdaptationModule {
 public:
  BlockInverse(std::int64_t channels, std::int64_t block, std::int64_t padding);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  void start_as_identity(std::int64_t channels, std::int64_t block);

  std::shared_ptr<Conv> conv_;
  torch::nn::ConvTranspose2d back_ = nullptr;
};

/// M. Tanaka, "Learnable Image Encryption", ICCE-TW 2018: one map of blocks for all, norm, LeakyReLU, then each block
/// laid out as pixels of 16 maps.
class SharedBlocks : public AdaptationModule {
 public:
  SharedBlocks(std::int64_t channels, std::int64_t block);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  std::int64_t block_;
  std::shared_ptr<Conv> conv_;
  std::shared_ptr<BatchNorm> norm_;
};

/// K. Madono et al., "Block-wise Scrambled Image Recognition Using Adaptation Network", 2020: a map and a norm a
/// position of blocks, each map divided by its largest singular value; LeakyReLU; a learned matrix over positions that
/// a penalty pushes to a permutation; then laid out as pixels of 16 maps, which another penalty keeps smooth.
/// Parameters "weight" [positions, maps, samples of a block], "norm.*" [positions * maps], "matrix" [from, to].
class BlocksByPosition : public AdaptationModule {
 public:
  BlocksByPosition(std::int64_t channels, std::int64_t rows, std::int64_t columns, std::int64_t block);
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor penalty() override { return penalty_; }

 private:
  torch::Tensor normed_weight();

  std::int64_t rows_;
  std::int64_t columns_;
  std::int64_t block_;
  torch::Tensor weight_;
  torch::Tensor left_;  // singular vectors, by power iteration: one step a training pass
  torch::Tensor right_;
  std::shared_ptr<BatchNorm> norm_;
  torch::Tensor matrix_;
  torch::Tensor penalty_;
};

/// 0 where no row and no column has two entries that are not 0, as in a permutation; more in all others. Sum over rows
/// and columns of their 1-norm less their 2-norm, over the number of entries.
torch::Tensor permutation_distance(const torch::Tensor& matrix);

/// Sum over the first three of the maps [N, C, H, W] of squared differences of neighbours, over 16 (H - 1) W.
torch::Tensor roughness(const torch::Tensor& maps);

}  // namespace obscura::train
