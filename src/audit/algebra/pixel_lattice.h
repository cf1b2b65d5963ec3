#pragma once

#include <optional>

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Whole coordinates for blocks of whole numbers that an unknown linear map has hidden. The rows of `differences` are
/// points of a lattice then, and the short ones among them generate all of it: row times the returned matrix is whole
/// for all of them, and nothing that they generate is left out. That is the inverse of the map up to a change of basis
/// by whole numbers of determinant 1 or -1. `rough` says which points are short, and may be any map with lengths that
/// are about right. `rounding` is how far from whole ones coordinates may lie on the average because points are known
/// to finite precision. Nothing if the points are of no lattice, or generate none of full rank.
std::optional<Matrix> whole_coordinates(const Matrix& differences, const Matrix& rough, double rounding);

/// How far numbers are from whole ones: root mean square; 0.289 for noise.
double residue_of(const Matrix& numbers);

}  // namespace obscura::audit
