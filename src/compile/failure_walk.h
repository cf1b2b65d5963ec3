#pragma once

#include <vector>

#include "compile/failure_ranges.h"
#include "compile/failure_units.h"

namespace obscura::compile {

/// Sub-Gaussian variances of errors, divided by the square of the scale: of everything, and of the part alone that
/// depends on the key.
struct Variance {
  double all = 0, key = 0;
};

/// A sum that has to stay below half of its modulus.
struct Room {
  double spare = 0;     ///< from the largest value to half of the modulus, in units of the value; below 0: no room
  double variance = 0;  ///< of its error
};

/// What errors a program makes.
struct ErrorWalk {
  Variance logit;                ///< the reply's switch of modulus with it
  std::vector<Variance> values;  ///< behind each stage: of any combination of its values of Euclidean norm one
  std::vector<Room> rooms;
};

/// Follows the errors of a program through its stages: every rotation, relinearisation, rescaling, plaintext and the
/// reply, as its plans have them. A map multiplies errors by no more than its operator norm, however they depend on
/// each other; a square by twice the range of its values. Of a program that was not made ready to run yet.
ErrorWalk walk_errors(const program::Program& program, const ErrorUnits& units, const std::vector<StageRange>& ranges);

}  // namespace obscura::compile
