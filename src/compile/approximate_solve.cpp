#include "compile/approximate_solve.h"

#include <cmath>
#include <cstddef>
#include <utility>

namespace obscura::compile {

std::vector<double> solve_linear(std::vector<std::vector<double>> rows) {
  const std::size_t n = rows.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t r = k + 1; r < n; ++r) {
      if (std::abs(rows[r][k]) > std::abs(rows[pivot][k])) pivot = r;
    }
    std::swap(rows[k], rows[pivot]);
    if (std::abs(rows[k][k]) < 1e-14) continue;
    for (std::size_t r = k + 1; r < n; ++r) {
      const double factor = rows[r][k] / rows[k][k];
      for (std::size_t c = k; c <= n; ++c) rows[r][c] -= factor * rows[k][c];
    }
  }
  std::vector<double> solution(n, 0.0);
  for (std::size_t k = n; k-- > 0;) {
    double rest = rows[k][n];
    for (std::size_t c = k + 1; c < n; ++c) rest -= rows[k][c] * solution[c];
    if (std::abs(rows[k][k]) >= 1e-14) solution[k] = rest / rows[k][k];
  }
  return solution;
}

}  // namespace obscura::compile
