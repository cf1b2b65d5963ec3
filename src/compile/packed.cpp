#include "compile/packed.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "compile/packed_search.h"

namespace obscura::compile {
namespace {

using Steps = std::vector<std::int64_t>;

/// Places to slots: images stand side by side, so a step from place to place passes all of them.
void widen(Steps& steps, std::int64_t images) {
  for (auto& step : steps) step *= images;
}

template <typename Plan>
void widen_plan(Plan& plan, std::int64_t images) {
  widen(plan.babies, images);
  widen(plan.giants, images);
  for (auto& term : plan.terms) term.offset *= images;
}

std::string layout_name(const PackedStage& stage, std::size_t slots) {
  std::string name(stage.output->grid ? "grid" : "dense");
  if (stage.inputs.front().copies > 1) name.append("/").append(std::to_string(stage.inputs.front().copies));
  const std::size_t count = stage.output->ciphertexts(slots);
  if (count > 1) name.append(" x").append(std::to_string(count));
  return name;
}

PackedStage made(Stage stage, PricedStage priced, const std::vector<std::shared_ptr<const Layout>>& values,
                 std::size_t slots, std::int64_t images) {
  PackedStage result;
  for (std::size_t k = 0; k < stage.terms.size(); ++k) {
    PackedStage::Input input{values[stage.terms[k].value], priced.copies[k], std::move(priced.spread[k])};
    for (Steps& group : input.spread) widen(group, images);
    result.inputs.push_back(std::move(input));
  }
  result.output = priced.output;
  result.unfolded = priced.unfolded;
  result.layout = layout_name(result, slots);
  result.method = priced.method;
  result.hoisted = std::move(priced.hoisted);
  result.blocks = std::move(priced.blocks);
  widen_plan(result.hoisted, images);
  widen_plan(result.blocks, images);
  result.fold = std::move(priced.fold);
  for (Steps& group : result.fold) widen(group, images);
  result.microseconds = priced.microseconds;
  result.key_megabytes = priced.key_megabytes;
  result.stage = std::move(stage);
  return result;
}

}  // namespace

void plan_packed(std::vector<Stage> stages, const ckks::Context& context, std::size_t images, Program& program) {
  const std::size_t slots = context.slots() / images;
  PackedChoice choice = search_layouts(stages, program.schedule, context, slots);
  ClientSpec& client = program.client;
  client.images = images;
  client.period = choice.input->period;
  client.input_slots = choice.input->position;
  client.output_factor = choice.stages.back().factor;
  client.output_slots = choice.stages.back().output->position;
  client.reply_gap = slots / choice.stages.back().output->period;
  std::vector<std::shared_ptr<const Layout>> values{choice.input};
  program.packed.clear();
  program.microseconds = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    program.packed.push_back(
        made(std::move(stages[i]), std::move(choice.stages[i]), values, slots, static_cast<std::int64_t>(images)));
    program.packed.back().schedule = program.schedule.stages[i];
    program.microseconds += program.packed.back().microseconds;
    values.push_back(program.packed.back().output);
  }
}

void request_packed_keys(const ckks::Context& context, Program& program) {
  const std::size_t n = context.degree();
  for (const PackedStage& stage : program.packed) {
    const StageSchedule& s = stage.schedule;
    for (const auto& input : stage.inputs) {
      for (const auto& group : input.spread) {
        for (const std::int64_t step : group) program.client.keys.rotation(step, s.limbs, n);
      }
    }
    const auto rotations =
        stage.method == PackedStage::Method::hoisted ? stage.hoisted.rotations() : stage.blocks.rotations();
    for (const std::int64_t step : rotations) program.client.keys.rotation(step, s.limbs, n);
    for (const auto& group : stage.fold) {
      for (const std::int64_t step : group) program.client.keys.rotation(step, s.activation_limbs, n);
    }
    if (stage.stage.activation == Stage::Activation::none) continue;
    const bool late = stage.stage.activation == Stage::Activation::square && s.relinearize_after_rescale;
    program.client.keys.relinearisation(s.activation_limbs - (late ? s.rescales_after_activation : 0));
  }
}

}  // namespace obscura::compile
