#pragma once

#include "nn/graph.h"

namespace obscura::compile {

/// True for what is a sum of ReLUs, or a value times one: clips (ReLU6, HardTanh), HardSigmoid and HardSwish.
bool is_relu_sum(const nn::Activation& activation);

/// The same network with those written out, min(max(x, a), b) = a + ReLU(x - a) - ReLU(x - b), so that composite signs
/// can stand for every ReLU of it (compile/composite.h).
nn::Graph with_relu_sums(const nn::Graph& graph);

}  // namespace obscura::compile
