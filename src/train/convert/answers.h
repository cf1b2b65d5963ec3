#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/dataset.h"
#include "nn/graph.h"
#include "train/convert/fitted_layer.h"
#include "train/convert/surgery.h"

namespace obscura::train {

/// The classes that a network says of pictures, in their order; the network's preprocessing is used. Throws as Network
/// for layers that cannot be run, MismatchError for pictures of another shape. Not for two threads at once.
std::vector<std::int64_t> answers_of(const nn::Graph& network, const image::Dataset& pictures, std::size_t threads,
                                     bool progress);

/// A converted network before any training (fit_start.h), fitted on the first so many pictures, and what was found.
struct FittedNetwork {
  nn::Graph graph;  ///< batch norms folded
  std::vector<FittedLayer> layers;
};
FittedNetwork fitted_network(const Surgery& surgery, const image::Dataset& pictures, std::size_t threads);

}  // namespace obscura::train
