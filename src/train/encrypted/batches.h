#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <cstdint>
#include <span>
#include <vector>

#include "image/dataset.h"
#include "nn/graph.h"
#include "train/recipe.h"

namespace obscura::train {

struct Batch {
  torch::Tensor images;  // float [N, C, H, W], preprocessed
  torch::Tensor labels;  // int64 [N]
};

/// Batches of a data set, which must outlive it. Order and augmentation depend on (seed, epoch) only.
class Batches {
 public:
  Batches(const image::Dataset& set, const Preprocessing& preprocessing);

  /// The images at `index`, as they are.
  Batch plain(std::span<const std::int64_t> index) const;
  /// The images at `order[first ...]`, augmented.
  Batch augmented(const std::vector<std::int64_t>& order, std::size_t first, std::size_t count,
                  const Augmentation& augmentation, std::uint64_t seed, std::size_t epoch) const;

 private:
  torch::Tensor normalised(const torch::Tensor& pixels) const;
  /// Channels of pictures (rgb) as the network has them, or the other way round.
  torch::Tensor in_order(const torch::Tensor& channels, std::int64_t axis) const;

  const image::Dataset& set_;
  std::vector<std::uint8_t> equalised_;  // the set's pixels, where the network's preprocessing equalises them
  torch::Tensor images_;                 // uint8, a view of those or of the set
  torch::Tensor labels_;
  torch::Tensor mean_;  // [C, 1, 1], of pixels in 0..1, in the network's order of channels
  torch::Tensor std_;
  bool backward_ = false;  // bgr
};

}  // namespace obscura::train
