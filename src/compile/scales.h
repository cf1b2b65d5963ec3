#pragma once

#include <vector>

#include "ckks/context.h"
#include "compile/schedule.h"
#include "compile/stages.h"

namespace obscura::compile {

/// The exact scales of one stage, with the primes as they are.
struct StageScales {
  std::vector<double> weights;  ///< of each term's matrix
  double after_map = 1;         ///< once rescaled, if the schedule says so: the scale of the bias
  double after_activation = 1;
};

/// `values[i]` is the scale of value i. All terms end at the same scale: that of the term of the largest scale.
StageScales stage_scales(const Stage& stage, const StageSchedule& schedule, const ckks::Context& context,
                         const std::vector<double>& values);

/// Of every stage in order, from the scale of the input.
std::vector<StageScales> all_scales(const std::vector<Stage>& stages, const Schedule& schedule,
                                    const ckks::Context& context, double input_scale);

}  // namespace obscura::compile
