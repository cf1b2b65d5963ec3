#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace obscura::audit {

/// The rectangular assignment problem: gives every row a column of its own so that the sum of their costs is least.
/// cost[row * columns + column], finite. O(rows^2 columns), by shortest augmenting paths: R. Jonker, A. Volgenant, "A
/// Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", Computing 38, 1987.
/// Returns the column of each row. Throws ParameterError for more rows than columns, for a cost of another size, and
/// for one that is infinite or no number.
std::vector<std::size_t> assign(std::span<const double> cost, std::size_t rows, std::size_t columns);

}  // namespace obscura::audit
