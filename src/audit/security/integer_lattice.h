#pragma once

#include <cstdint>
#include <vector>

namespace obscura::security {

using IntegerRow = std::vector<std::int64_t>;

/// Reduces the basis in place, a vector a row (A. K. Lenstra, H. W. Lenstra, L. Lovasz, "Factoring polynomials with
/// rational coefficients", 1982), whole numbers exactly and their projections in floating point, made anew from them.
/// For some dozens of independent vectors of up to 45 bits. False if that gave no end: not as many as rows, or too
/// long.
bool reduce_basis(std::vector<IntegerRow>& basis);

}  // namespace obscura::security
