#include "compile/batched.h"

#include <cmath>

#include "circuits/linear_plan.h"

namespace obscura::compile {
namespace {

std::vector<std::int32_t> channels(const nn::Shape& shape) {
  std::vector<std::int32_t> result(shape.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<std::int32_t>(i / (shape.height * shape.width));
  }
  return result;
}

/// Products may stay in three parts through the next map if that leaves fewer of them to relinearise.
bool relinearize_early(const Stage& activation, const StageSchedule& schedule, std::size_t next_rows) {
  if (activation.activation != Stage::Activation::square) return true;
  if (schedule.rescale_after_activation && !schedule.relinearize_after_rescale) return true;
  return next_rows >= activation.map.rows.size();
}

/// The level at which what an activation makes is relinearised. `before_map`: not left to the map behind it.
std::size_t relinearisation_limbs(const Stage& stage, const StageSchedule& s, bool before_map) {
  if (stage.activation == Stage::Activation::polynomial) return s.activation_limbs;
  const std::size_t rescaled = s.activation_limbs - (s.rescale_after_activation ? 1 : 0);
  return !before_map || s.relinearize_after_rescale ? rescaled : s.activation_limbs;
}

}  // namespace

void plan_batched(const std::vector<Stage>& stages, const ckks::Context& context, Program& program) {
  ClientPart& client = program.client;
  client.images = context.slots();
  client.reply_gap = 1;
  client.output_factor = 1;
  double parts = 2;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    BatchedStage stage;
    stage.name = stages[i].name;
    stage.map = stages[i].map;
    stage.schedule = program.schedule.stages[i];
    stage.activation = stages[i].activation;
    stage.coefficients = stages[i].coefficients;
    stage.channel = channels(stages[i].output);
    const auto costs = circuits::step_costs(context, stage.schedule.limbs);
    const double relinearise = costs.decompose + costs.inner_product + 2 * costs.mod_down;
    const Stage* const before = i > 0 ? &stages[i - 1] : nullptr;
    if (before != nullptr) {
      const StageSchedule& schedule = program.schedule.stages[i - 1];
      stage.relinearize_before_map = relinearize_early(*before, schedule, stage.map.rows.size());
      parts = stage.relinearize_before_map ? 2 : 3;
      program.keys.relinearisation(relinearisation_limbs(*before, schedule, stage.relinearize_before_map));
      program.microseconds += relinearise * static_cast<double>(stage.relinearize_before_map ? before->map.rows.size()
                                                                                             : stage.map.rows.size());
    }
    if (i + 1 == stages.size() && stage.activation != Stage::Activation::none) {
      program.keys.relinearisation(relinearisation_limbs(stages[i], stage.schedule, true));
      program.microseconds += relinearise * static_cast<double>(stage.map.rows.size());
    }
    // 10 words of lazy multiply-add a nanosecond; the constant only feeds the printed prediction.
    program.microseconds +=
        parts * static_cast<double>(stage.map.entries() * stage.schedule.limbs * context.degree()) * 1e-4;
    program.batched.push_back(std::move(stage));
  }
}

}  // namespace obscura::compile
