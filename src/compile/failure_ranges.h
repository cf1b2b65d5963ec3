#pragma once

#include <vector>

#include "compile/left_sums.h"
#include "program/magnitudes.h"
#include "program/program.h"

namespace obscura::compile {

/// Of the errors of the values that a map reads.
enum class Errors {
  /// They are uncorrelated, and those that a row meets are multiplied by squares whose slopes have the root of the mean
  /// square that was measured (Costache et al., "On the precision loss in approximate homomorphic encryption", 2022).
  independent,
  any,  ///< they may all be one, and every slope the largest
};

/// The operator norm of a map, and the Euclidean norm of its largest row.
struct MapNorms {
  double whole = 0, row = 0;
};
/// The operator norm is the least of three: the geometric mean of the largest sums over rows and columns (Schur),
/// Frobenius' norm, and what powers of the map come to, with five percent on top.
/// Where errors are independent only the rows' counts, and Frobenius' norm will do.
MapNorms norms_of(const program::AffineMap& map, Errors errors);

/// Sizes that no value of a stage exceeds, and what its maps do to errors.
struct StageRange {
  double input = 1;  ///< what its map reads: the largest of any of its terms
  double map = 1;    ///< sums, before the activation
  double activation = 1;
  double slope = 2;   ///< of a square there: what it multiplies errors by
  double fan_in = 1;  ///< most entries of a row, all terms together
  /// What squares of the sizes of what a map reads come to: a value on average, and all that a row reads.
  double energy = 1, row_energy = 1;
  LeftSums left = {};                ///< of a packed stage
  std::vector<MapNorms> norms = {};  ///< of each term
  Errors errors = Errors::any;
};

/// What a program's promises hold for: `headroom` times what was measured.
std::vector<StageRange> stated_ranges(const program::Program& program, const program::Magnitudes& magnitudes,
                                      double headroom, Errors errors);

/// For every picture of pixels in the range of the preprocessing, by interval arithmetic: what an adversary who chooses
/// pictures can reach at the most.
std::vector<StageRange> worst_ranges(const program::Program& program);

/// The stages of either layout, in order.
std::vector<const program::Stage*> stages_of(const program::Program& program);

}  // namespace obscura::compile
