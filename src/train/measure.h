#pragma once

// Internal to src/train.
#include <cstddef>

#include "train/batches.h"
#include "train/network.h"
#include "train/trainer.h"

namespace obscura::train {

/// Share of the first `count` images that the network tells right. Leaves the network in evaluation.
double measure_accuracy(Network& network, const Batches& images, std::size_t count);

/// Fills in result.activations and result.outliers from the first `count` images. Leaves the network in evaluation.
void measure_ranges(Network& network, const Batches& images, std::size_t count, TrainResult& result);

}  // namespace obscura::train
