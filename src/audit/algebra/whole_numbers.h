#pragma once

#include "audit/algebra/matrices.h"

/// Internal to src/audit.
namespace obscura::audit {

/// What became of a guess.
struct WholeNumbers {
  Matrix inverse;
  double distance = 0;  ///< root mean square of how far the plain numbers are from whole ones; 0.29 for noise
};

/// Makes a guess at an unknown linear map exact, from nothing but that its results are whole numbers. Rows of
/// `differences` times the true map are vectors of small whole numbers now and then, and for those a guess within some
/// percent rounds to the right ones; those give a better map by least squares, which holds for larger vectors, and so
/// on. Returns the guess itself with its distance if that leads nowhere (distance > 0.1).
WholeNumbers to_whole_numbers(const Matrix& differences, const Matrix& guess);

}  // namespace obscura::audit
