#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "search/score_plan.h"

namespace obscura::search {

/// A vector of that kind: signs of normal numbers, or those made to have length 1.
inline std::vector<float> drawn_row(VectorKind kind, std::size_t dimension, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<double> row(dimension);
  double squares = 0;
  for (double& v : row) v = normal(random), squares += v * v;
  std::vector<float> out;
  for (const double v : row) {
    out.push_back(static_cast<float>(kind == VectorKind::unit ? v / std::sqrt(squares) : v > 0 ? 1 : -1));
  }
  return out;
}

}  // namespace obscura::search
