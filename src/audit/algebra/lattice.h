#pragma once

#include <optional>

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// A basis, a vector a row, of the lattice that the rows of `points` generate, reduced (A. K. Lenstra, H. W. Lenstra,
/// L. Lovasz, "Factoring polynomials with rational coefficients", 1982; for dependent vectors as M. Pohst, 1987).
/// Points are known up to rounding: what is shorter than `least` counts as zero, and no vector of the lattice may be
/// that short. Nothing if they generate none of full rank, or none at all.
std::optional<Matrix> reduced_basis(const Matrix& points, double least);

}  // namespace obscura::audit
