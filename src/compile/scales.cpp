#include "compile/scales.h"

#include <algorithm>
#include <cmath>

namespace obscura::compile {

StageScales stage_scales(const Stage& stage, const StageSchedule& schedule, const ckks::Context& context,
                         const std::vector<double>& values) {
  const auto prime = [&](std::size_t limbs) { return static_cast<double>(context.q(limbs - 1).value()); };
  double widest = 0;
  for (const Term& term : stage.terms) widest = std::max(widest, values[term.value]);
  const double target = widest * (std::exp2(schedule.weight_bits) / std::max(stage.largest(), 1e-12));
  StageScales scales;
  for (const Term& term : stage.terms) scales.weights.push_back(target / values[term.value]);
  scales.after_map = target;
  for (std::size_t r = 0; r < schedule.rescales_after_map; ++r) scales.after_map /= prime(schedule.limbs - r);
  scales.after_activation = scales.after_map;
  if (stage.activation == Stage::Activation::square) {
    scales.after_activation *= scales.after_map;
    for (std::size_t r = 0; r < schedule.rescales_after_activation; ++r) {
      scales.after_activation /= prime(schedule.activation_limbs - r);
    }
  }
  return scales;
}

std::vector<StageScales> all_scales(const std::vector<Stage>& stages, const Schedule& schedule,
                                    const ckks::Context& context, double input_scale) {
  std::vector<double> values{input_scale};
  std::vector<StageScales> result;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    result.push_back(stage_scales(stages[i], schedule.stages[i], context, values));
    values.push_back(result.back().after_activation);
  }
  return result;
}

}  // namespace obscura::compile
