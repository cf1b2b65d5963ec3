#pragma once

#include <cstdint>

#include "audit/randomness/bits.h"

namespace obscura::randomness {

/// Appends what bits there are in a residue modulo q: exactly uniform ones of a residue uniform in [0, q), without a
/// residue refused. [0, q) is cut into ranges, one of 2^k numbers for each bit k that is set in q, the largest first,
/// and a residue in such a range gives the k bits of its place there (P. Elias, "The Efficient Construction of an
/// Unbiased Random Sequence", Ann. Math. Statist. 43(3), 1972). On average less than two bits of log2 q are lost.
/// Throws ParameterError unless residue < q < 2^63.
void append_residue(BitSequence& bits, std::uint64_t residue, std::uint64_t q);

}  // namespace obscura::randomness
