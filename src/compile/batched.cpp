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
    if (i > 0) {
      stage.relinearize_before_map =
          relinearize_early(stages[i - 1], program.schedule.stages[i - 1], stage.map.rows.size());
      const bool late = stages[i - 1].activation == Stage::Activation::square && !stage.relinearize_before_map;
      parts = late ? 3 : 2;
      if (stages[i - 1].activation != Stage::Activation::none) {
        program.keys.relinearisation(stage.schedule.limbs);
        program.microseconds +=
            relinearise * static_cast<double>(late ? stage.map.rows.size() : stages[i - 1].map.rows.size());
      }
    }
    // 10 words of lazy multiply-add a nanosecond; the constant only feeds the printed prediction.
    program.microseconds +=
        parts * static_cast<double>(stage.map.entries() * stage.schedule.limbs * context.degree()) * 1e-4;
    if (stage.activation == Stage::Activation::polynomial)
      program.keys.relinearisation(stage.schedule.activation_limbs);
    program.batched.push_back(std::move(stage));
  }
}

}  // namespace obscura::compile
