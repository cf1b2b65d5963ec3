#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace obscura::train {

/// How a linear embedding of features is learnt; with the seed it decides the result.
struct EmbeddingRecipe {
  std::size_t numbers = 64;  ///< of an embedding; also the bits of its code of signs. A power of two
  std::size_t epochs = 8;
  std::size_t batch = 256;
  double learning_rate = 1e-3;  ///< of Adam; falls to zero, linearly
  double weight_decay = 1e-4;
  double cosine_scale = 8;   ///< what the cosines with the classes' directions are multiplied by, as logits
  double code_share = 0.02;  ///< weight of the loss that makes signs agree with the class's code
};

/// y = W x + b.
struct Embedding {
  std::vector<float> weights;  ///< numbers x features
  std::vector<float> bias;
  std::vector<double> losses;  ///< mean of an epoch
};

/// Learns an embedding of which pictures of one class have a small angle to each other, and signs in common: the loss
/// is the cross entropy of scaled cosines with a learnt direction a class, and code_share times that of every number,
/// as a logit, with the bit of the class's code, a row of Sylvester's Hadamard matrix (Yuan et al., "Central similarity
/// quantization", CVPR 2020). Features are centred by their medians, divided by half the distance between their 16th
/// and 84th percentiles and, in training only, clamped to +-8: a network of squares has outliers without a bound. The
/// same with the same seed, machine and BLAS, on one thread. `features`: labels.size() rows. Throws MismatchError for
/// rows that do not fit or labels that are no class, UnsupportedError for more classes than there are codes,
/// ParameterError for a recipe that cannot be. Not for two threads at once (LibTorch's settings).
Embedding train_embedding(std::span<const float> features, std::span<const std::int64_t> labels, std::size_t classes,
                          const EmbeddingRecipe& recipe, std::uint64_t seed,
                          const std::function<void(std::size_t epoch, double loss)>& on_epoch = {});

}  // namespace obscura::train
