#pragma once

#include <vector>

#include "ckks/context.h"
#include "program/schedule.h"
#include "program/stage.h"

namespace obscura::program {

/// The exact scales of one stage, with the primes as they are.
struct StageScales {
  std::vector<double> weights;  ///< of each term's matrix
  double after_map = 1;         ///< once rescaled, if the schedule says so: the scale of the bias
  double after_activation = 1;
};

/// Of every stage in order, from the scale of the input. All terms of a stage end at the same scale. Behind every map
/// that is the scale of the schedule, as if primes were powers of two: weights make up for what the primes are off by,
/// for squares would double it from stage to stage, and a deep network's scales would run away.
std::vector<StageScales> all_scales(const std::vector<Stage>& stages, const Schedule& schedule,
                                    const ckks::Context& context, double input_scale);

}  // namespace obscura::program
