#include "compile/batched.h"

#include <bit>
#include <cmath>

#include "base/error.h"
#include "circuits/linear_plan.h"
#include "compile/gate_model.h"

namespace obscura::compile {
namespace {

/// Products may stay in three parts through the map behind them if that leaves fewer of them to relinearise; that map
/// must be the only one that reads them and read nothing else.
bool relinearize_early(const Stage& activation, const StageSchedule& schedule, const Stage& reader, bool only_reader) {
  if (activation.activation != Stage::Activation::square) return true;
  if (schedule.rescales_after_activation > 0 && !schedule.relinearize_after_rescale) return true;
  return !only_reader || reader.terms.size() > 1 || reader.output.size() >= activation.output.size();
}

/// The level at which what an activation makes is relinearised. `before_map`: not left to the map behind it.
std::size_t relinearisation_limbs(const Stage& stage, const StageSchedule& s, bool before_map) {
  if (program::activation_depth(stage) > 0) return s.activation_limbs;
  const std::size_t rescaled = s.activation_limbs - s.rescales_after_activation;
  return !before_map || s.relinearize_after_rescale ? rescaled : s.activation_limbs;
}

std::vector<std::size_t> count_readers(const std::vector<Stage>& stages) {
  std::vector<std::size_t> readers(stages.size() + 1, 0);
  for (const Stage& stage : stages) {
    for (const Term& term : stage.terms) ++readers[term.value];
  }
  return readers;
}

class Planner {
 public:
  Planner(std::vector<Stage>& stages, const ckks::Context& context, Program& program)
      : stages_(stages), context_(context), program_(program), readers_(count_readers(stages)) {}

  void plan() {
    for (std::size_t i = 0; i < stages_.size(); ++i) plan_stage(i);
    // What nothing reads is the answer.
    const std::size_t last = stages_.size() - 1;
    if (stages_[last].activation != Stage::Activation::none) relinearise(last, true, stages_[last].output.size());
    for (std::size_t i = 0; i < stages_.size(); ++i) program_.batched[i].stage = std::move(stages_[i]);
  }

 private:
  void relinearise(std::size_t i, bool before_map, std::size_t count) {
    const std::size_t limbs = relinearisation_limbs(stages_[i], program_.schedule.stages[i], before_map);
    program_.client.keys.relinearisation(limbs);
    if (stages_[i].activation == Stage::Activation::gated) {
      program_.microseconds +=
          static_cast<double>(count) * gate_cost(stages_[i], context_, program_.schedule.stages[i]);
      return;
    }
    const auto costs = circuits::step_costs(context_, limbs);
    program_.microseconds += static_cast<double>(count) * (costs.decompose + costs.inner_product + 2 * costs.mod_down);
  }

  void plan_stage(std::size_t i) {
    const Stage& stage = stages_[i];
    BatchedStage planned;
    planned.schedule = program_.schedule.stages[i];
    planned.relinearize_before_map = true;
    double parts = 2, entries = 0;
    for (const Term& term : stage.terms) {
      entries += static_cast<double>(term.map.entries());
      if (term.value == 0 || stages_[term.value - 1].activation == Stage::Activation::none) continue;
      const std::size_t before = term.value - 1;
      planned.relinearize_before_map =
          relinearize_early(stages_[before], program_.schedule.stages[before], stage, readers_[term.value] == 1);
      parts = planned.relinearize_before_map ? 2 : 3;
      relinearise(before, planned.relinearize_before_map,
                  planned.relinearize_before_map ? stages_[before].output.size() : stage.output.size());
    }
    // 10 words of lazy multiply-add a nanosecond; the constant only feeds the printed prediction.
    program_.microseconds += parts * entries * static_cast<double>(planned.schedule.limbs * context_.degree()) * 1e-4;
    program_.batched.push_back(std::move(planned));
  }

  std::vector<Stage>& stages_;
  const ckks::Context& context_;
  Program& program_;
  std::vector<std::size_t> readers_;
};

}  // namespace

namespace {

/// The rotations that sum a picture's chunks, behind the first map that reads them.
void request_sum(const program::StagedNetwork& network, const ckks::Context& context, Program& program) {
  const program::Merge& merge = *network.merge;
  std::size_t readers = 0;
  for (const Stage& stage : network.stages) {
    for (const Term& term : stage.terms) readers += term.value == merge.value ? 1 : 0;
  }
  if (readers != 1) throw UnsupportedError("several layers read the merged chunks of the network: use --mode packed");
  const std::size_t limbs = program.schedule.stages[merge.value].activation_limbs;
  const auto costs = circuits::step_costs(context, limbs);
  for (std::size_t step = 1; step < program.client.chunks->wide; step *= 2) {
    program.client.keys.rotation(static_cast<std::int64_t>(step), limbs, context.degree());
    program.microseconds += static_cast<double>(network.stages[merge.value].output.size()) *
                            (costs.decompose + costs.inner_product + 2 * costs.mod_down);
  }
}

}  // namespace

void plan_batched(program::StagedNetwork network, const ckks::Context& context, Program& program) {
  ClientSpec& client = program.client;
  client.images = context.slots();
  client.reply_gap = 1;
  client.output_factor = 1;
  program.merge = network.merge;
  if (network.merge) {
    client.chunks->wide = std::bit_ceil(network.merge->count);
    if (client.chunks->wide > context.slots()) {
      throw UnsupportedError(std::to_string(network.merge->count) + " chunks are more than one ciphertext has slots, " +
                             std::to_string(context.slots()) + ": use --mode packed, or larger chunks");
    }
    client.images = context.slots() / client.chunks->wide;
    request_sum(network, context, program);
  }
  Planner(network.stages, context, program).plan();
}

}  // namespace obscura::compile
