#pragma once

// Internal to src/train.
#include <cstdint>
#include <span>
#include <vector>

#include "train/encrypted/batches.h"
#include "train/encrypted/network.h"
#include "train/encrypted/trainer.h"

namespace obscura::train {

/// What a network says of pictures.
struct Answers {
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> predicted;
  double loss = 0;  ///< mean cross entropy
};

/// Adds a batch to `answers`; `loss` is a sum until the last.
void add_answers(Answers& answers, const torch::Tensor& logits, const torch::Tensor& labels);

/// Of the images at `index`. Leaves the network in evaluation.
Answers measure_answers(Network& network, const Batches& images, std::span<const std::int64_t> index);

/// Fills in result.test, result.activations and result.outliers from the images at `index`, each of which is read once.
/// Leaves the network in evaluation.
void measure_test(Network& network, const Batches& images, std::span<const std::int64_t> index, TrainResult& result);

}  // namespace obscura::train
