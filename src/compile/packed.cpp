#include "compile/packed.h"

#include <bit>
#include <cmath>

#include "base/error.h"
#include "circuits/rotation_sum.h"
#include "compile/packed_layout.h"

namespace obscura::compile {
namespace {

/// Slot-wise polynomials need the channel of every slot that holds a value.
std::vector<std::int32_t> channels_of(const Layout& layout, const nn::Shape& shape, std::size_t slots) {
  std::vector<std::int32_t> channel(slots, -1);
  const std::size_t plane = shape.height * shape.width;
  for (std::size_t i = 0; i < layout.position.size(); ++i) {
    for (std::size_t s = layout.position[i]; s < slots; s += layout.period) {
      channel[s] = static_cast<std::int32_t>(i / plane);
    }
  }
  return channel;
}

struct Choice {
  PackedStage stage;
  Layout output;
  double factor = 1;
};

double activation_cost(const Stage& stage, const ckks::Context& context, const StageSchedule& schedule) {
  if (stage.activation == Stage::Activation::none) return 0;
  const auto costs = circuits::step_costs(context, schedule.activation_limbs);
  const double relinearise = costs.decompose + costs.inner_product + 2 * costs.mod_down;
  double products = 1;
  if (stage.activation == Stage::Activation::polynomial) {
    products = 2 * std::sqrt(static_cast<double>(stage.coefficients.front().size())) + 2;
  }
  return products * relinearise;
}

class Planner {
 public:
  Planner(const std::vector<Stage>& stages, const Schedule& schedule, const ckks::Context& context)
      : stages_(stages), schedule_(schedule), context_(context) {}

  /// Tries every layout of every stage; the chain is short and each stage has two.
  void search(std::size_t i, const Layout& input, std::vector<Choice>& chosen, double spent) {
    if (spent >= best_cost_) return;
    if (i == stages_.size()) {
      best_cost_ = spent;
      best_ = chosen;
      return;
    }
    const bool last = i + 1 == stages_.size();
    std::vector<PackedMap> maps;
    if (!last) {
      if (auto grid = grid_map(stages_[i], input, context_.slots())) maps.push_back(std::move(*grid));
    }
    // The padded rows of a dense map must fit the slots.
    if (std::bit_ceil(stages_[i].map.rows.size()) <= context_.slots()) {
      maps.push_back(dense_map(stages_[i], input, context_.slots(), last));
    }
    for (PackedMap& map : maps) {
      chosen.push_back(price(i, std::move(map)));
      const Layout output = chosen.back().output;
      search(i + 1, output, chosen, spent + chosen.back().stage.microseconds);
      chosen.pop_back();
    }
  }

  std::vector<Choice>& best() { return best_; }

 private:
  Choice price(std::size_t i, PackedMap map) {
    Choice choice;
    PackedStage& stage = choice.stage;
    stage.name = stages_[i].name;
    stage.layout = map.layout;
    stage.schedule = schedule_.stages[i];
    const auto costs = circuits::step_costs(context_, stage.schedule.limbs);
    std::vector<std::int64_t> offsets;
    for (const auto& [offset, diagonal] : map.diagonals) offsets.push_back(offset);
    stage.plan = circuits::plan_linear(offsets, context_.slots(), costs);
    const auto fold_costs = circuits::step_costs(context_, stage.schedule.activation_limbs);
    stage.fold = circuits::group_rotation_sum(map.fold_steps, fold_costs);
    stage.microseconds = stage.plan.microseconds + circuits::rotation_sum_cost(stage.fold, fold_costs) +
                         activation_cost(stages_[i], context_, stage.schedule);
    stage.diagonals = std::move(map.diagonals);
    stage.bias = std::move(map.bias);
    stage.activation = stages_[i].activation;
    stage.coefficients = stages_[i].coefficients;
    if (stage.activation == Stage::Activation::polynomial) {
      stage.channel_of_slot = channels_of(map.output, stages_[i].output, context_.slots());
    }
    choice.output = std::move(map.output);
    choice.factor = map.factor;
    return choice;
  }

  const std::vector<Stage>& stages_;
  const Schedule& schedule_;
  const ckks::Context& context_;
  double best_cost_ = INFINITY;
  std::vector<Choice> best_;
};

}  // namespace

void plan_packed(const std::vector<Stage>& stages, const ckks::Context& context, Program& program) {
  const Layout input = image_layout(stages.front().input, context.slots());
  if (input.position.empty()) {
    throw UnsupportedError("an image of " + std::to_string(stages.front().input.size()) +
                           " values is larger than the " + std::to_string(context.slots()) +
                           " slots of a ciphertext: use --mode batched");
  }
  Planner planner(stages, program.schedule, context);
  std::vector<Choice> chosen;
  planner.search(0, input, chosen, 0);
  if (planner.best().empty()) {
    throw UnsupportedError("a layer of " + program.client.network + " is larger than the " +
                           std::to_string(context.slots()) + " slots of a ciphertext: use --mode batched");
  }
  ClientPart& client = program.client;
  client.period = input.period;
  for (Choice& choice : planner.best()) {
    program.microseconds += choice.stage.microseconds;
    program.packed.push_back(std::move(choice.stage));
  }
  const Choice& last = planner.best().back();
  client.output_factor = last.factor;
  client.output_slots = last.output.position;
  client.reply_gap = context.slots() / last.output.period;
}

void request_packed_keys(const ckks::Context& context, Program& program) {
  for (const PackedStage& stage : program.packed) {
    circuits::request_keys(stage.plan, stage.schedule.limbs, context.degree(), program.keys);
    const std::size_t after_map = stage.schedule.limbs - (stage.schedule.rescale_after_map ? 1 : 0);
    for (const auto& group : stage.fold) {
      for (const std::int64_t step : group) program.keys.rotation(step, after_map, context.degree());
    }
    if (stage.activation == Stage::Activation::none) continue;
    const bool late = stage.activation == Stage::Activation::square && stage.schedule.relinearize_after_rescale &&
                      stage.schedule.rescale_after_activation;
    program.keys.relinearisation(stage.schedule.activation_limbs - (late ? 1 : 0));
  }
}

}  // namespace obscura::compile
