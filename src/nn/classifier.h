#pragma once

#include "nn/graph.h"

namespace obscura::nn {

/// Throws UnsupportedError where a network reads no image, or its output is no list of classes: what could be computed
/// and not be understood. The message says what the network is and what to do.
void check_classifier(const Graph& graph);

}  // namespace obscura::nn
