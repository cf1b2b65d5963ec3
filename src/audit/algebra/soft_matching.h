#pragma once

#include <cstdint>

#include "audit/algebra/graph_matching.h"

/// Internal to src/audit.
namespace obscura::audit {

/// match_graphs for graphs of regular things, a grid say, whose symmetries trap a search that moves node by node: parts
/// of the one graph settle in one position of the other, and parts in another. Here all nodes are spread over all
/// places first and settle together as the temperature falls: S. Gold, A. Rangarajan, "A Graduated Assignment Algorithm
/// for Graph Matching", IEEE PAMI 18(4), 1996. Edges are of about equal scale in both graphs, their diagonals alike.
/// Deterministic for a seed, which chooses among the symmetries.
Places match_softly(const MatrixF& from, const MatrixF& to, std::uint64_t seed);

}  // namespace obscura::audit
