#pragma once

// Internal to src/compile.
#include <vector>

namespace obscura::compile {

/// The solution of a small square system, each row its coefficients and its right side, by Gauss' elimination with
/// partial pivoting. A variable that no row determines (to rounding) is 0.
std::vector<double> solve_linear(std::vector<std::vector<double>> rows);

}  // namespace obscura::compile
