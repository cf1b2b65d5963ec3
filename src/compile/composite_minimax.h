#pragma once

// Internal to src/compile.
#include <cstddef>
#include <vector>

namespace obscura::compile {

/// sum_i c_i T_i(t), by Clenshaw's recurrence.
double chebyshev_at(const std::vector<double>& c, double t);

/// An odd polynomial in the Chebyshev basis of [-1, 1], even coefficients 0.
struct OddFit {
  std::vector<double> coefficients;
  double error = 0;
};

/// The odd polynomial of that degree whose largest distance to 1 on [low, 1] is smallest, by Remez' algorithm: odd
/// powers are a Chebyshev system there, so that the error has (degree + 1) / 2 + 1 extrema of one size and alternating
/// sign. Precondition: an odd degree, 0 < low < 1.
OddFit fit_odd_one(std::size_t degree, double low);

}  // namespace obscura::compile
