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

/// What a megabyte of keys may cost in time: they are sent once and kept in memory.
constexpr double kMicrosecondsPerKeyMegabyte = 100;

struct Choice {
  PackedStage stage;
  Layout output;
  double factor = 1;
};

double key_megabytes(const std::vector<std::vector<std::int64_t>>& groups, const circuits::StepCosts& costs) {
  double sum = 0;
  for (const auto& group : groups) sum += static_cast<double>(group.size()) * costs.key_megabytes;
  return sum;
}

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
    std::vector<PackedMap> maps = candidates(i, input);
    for (PackedMap& map : maps) {
      chosen.push_back(price(i, std::move(map)));
      const Layout output = chosen.back().output;
      const PackedStage& stage = chosen.back().stage;
      search(i + 1, output, chosen, spent + stage.microseconds + kMicrosecondsPerKeyMegabyte * stage.key_megabytes);
      chosen.pop_back();
    }
  }

  std::vector<Choice>& best() { return best_; }

 private:
  /// Every way that is known to lay out stage i; the last one needs no fold and no grid.
  std::vector<PackedMap> candidates(std::size_t i, const Layout& input) const {
    const std::size_t slots = context_.slots();
    const bool last = i + 1 == stages_.size();
    // An activation acts on finished sums, so only a stage without one leaves them to the reply.
    const bool unfolded = last && stages_[i].activation == Stage::Activation::none;
    std::vector<PackedMap> maps;
    const auto keep = [&](std::optional<PackedMap> map) {
      if (map) maps.push_back(std::move(*map));
    };
    if (!last) {
      for (const bool split : {false, true}) keep(grid_map(stages_[i], input, slots, split));
    }
    for (std::size_t copies = 1; copies <= 16; copies *= 2) {
      keep(dense_map(stages_[i], input, slots, unfolded, copies));
    }
    return maps;
  }

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
    stage.spread = circuits::group_rotation_sum(map.spread, costs);
    const auto fold_costs = circuits::step_costs(context_, stage.schedule.activation_limbs);
    stage.fold = std::move(map.fold_groups);
    for (auto& group : circuits::group_rotation_sum(map.fold, fold_costs)) stage.fold.push_back(std::move(group));
    stage.microseconds = circuits::rotation_sum_cost(stage.spread, costs) + stage.plan.microseconds +
                         circuits::rotation_sum_cost(stage.fold, fold_costs) +
                         activation_cost(stages_[i], context_, stage.schedule);
    stage.key_megabytes =
        stage.plan.key_megabytes + key_megabytes(stage.spread, costs) + key_megabytes(stage.fold, fold_costs);
    stage.diagonals = std::move(map.diagonals);
    stage.bias = std::move(map.bias);
    stage.activation = stages_[i].activation;
    stage.coefficients = stages_[i].coefficients;
    if (stage.activation == Stage::Activation::polynomial) {
      stage.channel_of_slot = channels_of(map.output, stages_[i].output, context_.slots());
    }
    choice.output = std::move(map.output);
    // Only a square keeps empty slots at zero.
    if (stage.activation == Stage::Activation::polynomial) choice.output.clean = false;
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
    for (const auto& group : stage.spread) {
      for (const std::int64_t step : group) program.keys.rotation(step, stage.schedule.limbs, context.degree());
    }
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
