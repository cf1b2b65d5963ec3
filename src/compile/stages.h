#pragma once

#include <vector>

#include "nn/graph.h"
#include "program/merge.h"
#include "program/stage.h"

namespace obscura::compile {

using program::Stage;
using program::Term;

/// A product of two branches becomes squares, a b = ((a + b)^2 - (a - b)^2) / 4: a stage of twice the channels, and the
/// map behind it. Throws UnsupportedError that names the layer for what cannot be run on ciphertexts.
program::StagedNetwork network_of(const nn::Graph& graph);

/// The same of a network that sees the picture as one.
std::vector<Stage> stages_of(const nn::Graph& graph);

}  // namespace obscura::compile
