#pragma once

#include "nn/graph.h"

namespace obscura::nn {

/// The part of a network that makes its features: all that leads to the values that enter its last Linear, with those
/// as the output. Preprocessing and chunks stay; classes, head, calibration and origin, which tell of logits, do not.
/// Throws UnsupportedError for a network without a Linear, or whose last one is before its Merge: it has features of
/// chunks, not of pictures.
Graph features_of(const Graph& graph);

}  // namespace obscura::nn
