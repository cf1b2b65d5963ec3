#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "audit/algebra/signed_permutation.h"

/// Internal to src/audit.
namespace obscura::audit {

/// A permutation of nodes: node b of the one graph is node place[b] of the other.
using Places = std::vector<std::size_t>;

/// Sum of squared differences of edges over sum of squares; 0 for equal graphs.
double graph_residual(const MatrixF& from, const MatrixF& to, const Places& places);

/// Makes a matching better by linearising it (each step an assignment problem) and by swapping pairs, until neither
/// helps.
Places improve_matching(const MatrixF& from, const MatrixF& to, Places places);

/// Two complete graphs with weighted edges, symmetric matrices of equal size: from(b, c) ~ to(place[b], place[c]).
/// Starts from sorted rows, and from random changes of the best. Deterministic for a seed.
Places match_graphs(const MatrixF& from, const MatrixF& to, std::uint64_t seed);

}  // namespace obscura::audit
