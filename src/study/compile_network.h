#pragma once

#include "compile/program.h"
#include "nn/graph.h"

namespace obscura::study {

/// A program of a network that tells classes apart. Throws UnsupportedError for another network, and as
/// compile::compile.
compile::Program compile_network(const nn::Graph& graph, compile::Mode mode);
compile::Program compile_network(const nn::Graph& graph, const compile::CompileOptions& options);

}  // namespace obscura::study
