#include "compile/packed_keys.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "circuits/rotation_sum.h"
#include "compile/gate_model.h"
#include "compile/widen.h"

namespace obscura::compile {
namespace {

using program::PackedStage;
using Steps = std::vector<std::int64_t>;
using Method = PackedStage::Method;

/// A sum's doublings, of its groups: those of a group stand where one of them is taken alone.
Steps doublings_of(const std::vector<Steps>& groups) {
  Steps doublings;
  for (const Steps& group : groups) {
    for (std::size_t at = 1; at <= group.size(); at *= 2) doublings.push_back(group[at - 1]);
  }
  return doublings;
}

/// The steps that there are keys of so far, and how many limbs each key has.
class Owned {
 public:
  explicit Owned(std::int64_t slots) : slots_(slots) {}

  void add(const Steps& steps, std::size_t limbs) {
    for (const std::int64_t step : steps) {
      std::size_t& has = limbs_[((step % slots_) + slots_) % slots_];
      has = std::max(has, limbs);
    }
  }
  void add(const std::vector<Steps>& groups, std::size_t limbs) {
    for (const Steps& group : groups) add(group, limbs);
  }
  /// Those that serve a level, in places: as planners write them, on either side of zero.
  Steps places(std::size_t limbs, std::int64_t width) const {
    Steps steps;
    const std::int64_t places = slots_ / width;
    for (const auto& [step, has] : limbs_) {
      if (has < limbs || step % width != 0) continue;
      for (const std::int64_t turn : {-places, std::int64_t{0}}) steps.push_back(step / width + turn);
    }
    return steps;
  }

 private:
  std::int64_t slots_;
  std::map<std::int64_t, std::size_t> limbs_;
};

class Replanner {
 public:
  Replanner(const ckks::Context& context, double key_price)
      : context_(context), key_price_(key_price), owned_(static_cast<std::int64_t>(context.slots())) {}

  void replan(PackedStage& stage) {
    const std::size_t limbs = stage.schedule.limbs, activation_limbs = stage.schedule.activation_limbs;
    const auto costs = circuits::step_costs(context_, limbs);
    const auto fold_costs = circuits::step_costs(context_, activation_limbs);
    stage.microseconds = stage.key_megabytes = 0;
    for (auto& input : stage.inputs) {
      stage.microseconds += regroup(input.spread, costs, stage);
      owned_.add(input.spread, limbs);
    }
    const Steps owned = owned_.places(limbs, static_cast<std::int64_t>(stage.width));
    if (stage.method == Method::hoisted) {
      replan_hoisted(stage, costs, owned);
      owned_.add(stage.hoisted.rotations(), limbs);
    } else {
      replan_blocks(stage, costs, owned);
      owned_.add(stage.blocks.rotations(), limbs);
    }
    const auto outputs = static_cast<double>(stage.output->ciphertexts(places_of(stage)));
    stage.microseconds +=
        outputs * (regroup(stage.fold, fold_costs, stage) + activation_cost(stage.stage, context_, stage.schedule));
    owned_.add(stage.fold, activation_limbs);
  }

 private:
  /// Microseconds of the sums of one ciphertext.
  double regroup(std::vector<Steps>& groups, const circuits::StepCosts& costs, PackedStage& stage) const {
    groups = circuits::group_rotation_sum(doublings_of(groups), costs, key_price_);
    for (const Steps& group : groups) stage.key_megabytes += static_cast<double>(group.size()) * costs.key_megabytes;
    return circuits::rotation_sum_cost(groups, costs);
  }

  template <typename Plan>
  void take(Plan& old, Plan plan, PackedStage& stage) const {
    stage.microseconds += plan.microseconds;
    stage.key_megabytes += plan.key_megabytes;
    widen_plan(plan, static_cast<std::int64_t>(stage.width));
    old = std::move(plan);
  }

  std::int64_t place(std::int64_t offset, const PackedStage& stage) const {
    const auto width = static_cast<std::int64_t>(stage.width), places = static_cast<std::int64_t>(places_of(stage));
    return ((offset / width) % places + places) % places;
  }
  std::size_t places_of(const PackedStage& stage) const { return context_.slots() / stage.width; }

  void replan_hoisted(PackedStage& stage, const circuits::StepCosts& costs, const Steps& owned) const {
    Steps offsets;
    for (const auto& term : stage.hoisted.terms) offsets.push_back(place(term.offset, stage));
    take(stage.hoisted, circuits::plan_linear(offsets, places_of(stage), costs, key_price_, owned), stage);
  }

  void replan_blocks(PackedStage& stage, const circuits::StepCosts& costs, const Steps& owned) const {
    std::vector<circuits::BlockOffset> offsets;
    for (const auto& term : stage.blocks.terms) {
      offsets.push_back({term.output, term.input, place(term.offset, stage)});
    }
    const circuits::BlockCounts counts{stage.blocks.outputs, stage.blocks.inputs};
    take(stage.blocks, circuits::plan_blocks(offsets, counts, places_of(stage), costs, key_price_, owned), stage);
  }

  const ckks::Context& context_;
  double key_price_;
  Owned owned_;
};

}  // namespace

double activation_cost(const Stage& stage, const ckks::Context& context, const StageSchedule& schedule) {
  if (stage.activation == Stage::Activation::none) return 0;
  if (stage.activation == Stage::Activation::gated) return gate_cost(stage, context, schedule);
  const auto costs = circuits::step_costs(context, schedule.activation_limbs);
  const double relinearise = costs.decompose + costs.inner_product + 2 * costs.mod_down;
  double products = 1;
  if (stage.activation == Stage::Activation::polynomial) {
    products = 2 * std::sqrt(static_cast<double>(stage.coefficients.front().size())) + 2;
  }
  return products * relinearise;
}

void replan_rotations(const ckks::Context& context, double microseconds_per_key_megabyte, Program& program) {
  std::vector<std::size_t> order(program.packed.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return program.packed[a].schedule.limbs > program.packed[b].schedule.limbs;
  });
  Replanner replanner(context, microseconds_per_key_megabyte);
  program.microseconds = 0;
  for (const std::size_t i : order) {
    replanner.replan(program.packed[i]);
    const auto& merge = program.merge;
    const bool of_groups = merge && i < merge->value;
    const double times = of_groups ? static_cast<double>(program.client.chunks->groups(merge->count)) : 1;
    program.microseconds += times * program.packed[i].microseconds;
  }
}

}  // namespace obscura::compile
