#pragma once

#include "program/magnitudes.h"
#include "program/program.h"

namespace obscura::compile {

/// Diagonals that meet in one ciphertext of what a stage makes: the most of all.
double most_diagonals(const program::PackedStage& stage);

/// The magnitudes as the plans of a packed program have them. A rounded diagonal has an error in every slot, also where
/// it holds no weight, so that a result takes the errors of all diagonals of its ciphertext and not only of its row:
/// fan-ins are at least the root of their number times the largest root mean square of what the stage reads.
program::Magnitudes with_diagonals(const program::Magnitudes& magnitudes, const program::Program& program);

}  // namespace obscura::compile
