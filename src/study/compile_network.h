#pragma once

#include "compile/compile.h"
#include "nn/graph.h"

namespace obscura::study {

/// A program of a network that tells classes apart. Throws UnsupportedError for another network, and as
/// compile::compile.
program::Program compile_network(const nn::Graph& graph, message::Mode mode);
program::Program compile_network(const nn::Graph& graph, const compile::CompileOptions& options,
                                 program::Magnitudes* sizes = nullptr);

}  // namespace obscura::study
