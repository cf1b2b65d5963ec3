#include "program/scales.h"

#include <algorithm>
#include <cmath>

namespace obscura::program {
namespace {

/// The scales of one stage. `values`: of what it reads; `after_map`: what its sums are to have.
StageScales stage_scales(const Stage& stage, const StageSchedule& schedule, const ckks::Context& context,
                         const std::vector<double>& values, double after_map) {
  const auto prime = [&](std::size_t limbs) { return static_cast<double>(context.q(limbs - 1).value()); };
  StageScales scales;
  scales.after_map = after_map;
  double target = after_map;
  for (std::size_t r = 0; r < schedule.rescales_after_map; ++r) target *= prime(schedule.limbs - r);
  for (const Term& term : stage.terms) scales.weights.push_back(target / values[term.value]);
  scales.after_activation = after_map;
  if (stage.activation == Stage::Activation::square) {
    scales.after_activation *= after_map;
    for (std::size_t r = 0; r < schedule.rescales_after_activation; ++r) {
      scales.after_activation /= prime(schedule.activation_limbs - r);
    }
  }
  return scales;
}

/// log2 of the scale behind the map, with primes as powers of two. `values`: the same of what is read.
double scheduled_bits(const Stage& stage, const StageSchedule& s, const Schedule& schedule,
                      const std::vector<double>& values) {
  double widest = values[stage.terms.front().value];
  for (const Term& term : stage.terms) widest = std::max(widest, values[term.value]);
  double bits = widest + s.weight_bits - std::log2(std::max(stage.largest(), 1e-12));
  for (std::size_t r = 0; r < s.rescales_after_map; ++r) bits -= schedule.q_bits[s.limbs - 1 - r];
  return bits;
}

}  // namespace

std::vector<StageScales> all_scales(const std::vector<Stage>& stages, const Schedule& schedule,
                                    const ckks::Context& context, double input_scale) {
  std::vector<double> values{input_scale}, bits{std::log2(input_scale)};
  std::vector<StageScales> result;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const StageSchedule& s = schedule.stages[i];
    double scheduled = scheduled_bits(stages[i], s, schedule, bits);
    result.push_back(stage_scales(stages[i], s, context, values, std::exp2(scheduled)));
    values.push_back(result.back().after_activation);
    if (stages[i].activation == Stage::Activation::square) {
      scheduled *= 2;
      for (std::size_t r = 0; r < s.rescales_after_activation; ++r) {
        scheduled -= schedule.q_bits[s.activation_limbs - 1 - r];
      }
    }
    bits.push_back(scheduled);
  }
  return result;
}

}  // namespace obscura::program
