#pragma once

#include <cstddef>

#include "program/program.h"

namespace obscura::compile {

/// How much larger the sums are that a stage leaves between its results (program::Layout::gap) than the results: the
/// end of one and the beginning of the next.
struct LeftSums {
  double peak = 1;    ///< the largest of them to the largest result
  double energy = 1;  ///< the same of the means of the fourth powers: of their squares' squares

  static LeftSums most() { return {2, 16}; }  ///< where sizes are those of all terms of a result together
  /// For images unlike those that were looked at: half as large again, and never under the results.
  LeftSums with_room() const;
};

/// Of a stage of a packed program, on made-up images in the clear. Without gaps 1.
LeftSums left_sums(const program::Program& program, std::size_t stage);

/// Rounded diagonals of a last stage meet the sums that its input leaves in every slot, and a logit is the mean of
/// many: the standard deviation of what that adds to a logit, by the root mean square of the input's values. `weight`:
/// of a slot of a rounded plaintext. 0 where the last stage reads no gaps.
double left_error(const program::Program& program, double weight);

}  // namespace obscura::compile
