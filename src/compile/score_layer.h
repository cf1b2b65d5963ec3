#pragma once

#include <cstddef>
#include <span>

#include "nn/graph.h"

namespace obscura::compile {

/// The network with one more dense layer, whose outputs are the inner products of what it said with `rows`, `columns`
/// numbers each: what a gallery of vectors is to a network that embeds pictures. A row of zeros says zero. What the
/// file knows of how large values get (nn::Graph::calibration) stays known: outputs of the new layer are bounded by the
/// product of lengths (Cauchy and Schwarz). Throws MismatchError for rows of another length than the network's output,
/// or none.
nn::Graph with_scores(const nn::Graph& graph, std::span<const float> rows, std::size_t columns);

}  // namespace obscura::compile
