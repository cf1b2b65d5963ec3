#include "compile/weigh.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "compile/packed.h"
#include "compile/packed_keys.h"

namespace obscura::compile {
namespace {

/// Microseconds for a megabyte of keys: from none to where only the number of keys counts.
constexpr std::array<double, 11> kPrices{0, 30, 100, 300, 1000, 2000, 3000, 5000, 10000, 30000, 1000000};
constexpr double kFewKeys = 64e6, kLittleMemory = 512e6;

struct Tried {
  Program program;
  Sizes sizes;
  double weight = 0;
};

Tried tried(const ckks::Context& context, Program program) {
  program.client.keys = {};
  request_packed_keys(context, program);
  const Sizes s = sizes(program);
  const double weight = weight_of(program.microseconds, s);
  return {std::move(program), s, weight};
}

std::string cost_text(const Tried& plan) {
  return fmt::format("{:.1f} ms, {:.1f} MB of keys and {:.1f} MB of memory", plan.program.microseconds / 1000,
                     plan.sizes.keys / 1e6, plan.sizes.server / 1e6);
}

/// Keeps what was asked of it and gives the rest up, so that few plans are in memory at once.
class Choice {
 public:
  explicit Choice(const Budget& budget) : budget_(budget) {}

  void consider(Tried plan) {
    least_keys_ = std::min(least_keys_, plan.sizes.keys);
    least_memory_ = std::min(least_memory_, plan.sizes.server);
    if (plan.program.microseconds < quickest_time_) {
      quickest_time_ = plan.program.microseconds;
      quickest_ = cost_text(plan);
    }
    if (plan.weight < free_weight_) free_weight_ = plan.weight, free_ = cost_text(plan);
    if (better(plan)) best_ = std::move(plan);
  }

  Weighed result() const { return {holds(*best_), best_->weight, least_keys_, least_memory_}; }

  Program take() {
    Program program = std::move(best_->program);
    const std::string cost = cost_text(*best_);
    std::string reason = "rotations: " + cost + " weighed together";
    if (holds(*best_) && cost != free_) reason = "rotations: " + cost + ": the budget decided, without it " + free_;
    if (cost != quickest_) reason += "; the quickest took " + quickest_;
    program.schedule.reasons.push_back(std::move(reason));
    return program;
  }

 private:
  bool holds(const Tried& plan) const { return budget_.holds(plan.sizes); }
  bool better(const Tried& plan) const {
    if (!best_) return true;
    if (holds(plan) != holds(*best_)) return holds(plan);
    return holds(plan) ? plan.weight < best_->weight : plan.sizes.keys < best_->sizes.keys;
  }

  Budget budget_;
  std::optional<Tried> best_;
  double least_keys_ = INFINITY, least_memory_ = INFINITY, quickest_time_ = INFINITY, free_weight_ = INFINITY;
  std::string quickest_, free_;
};

}  // namespace

double weight_of(double microseconds, const Sizes& sizes) {
  return microseconds * std::pow(sizes.keys + kFewKeys, 0.25) * std::pow(sizes.server + kLittleMemory, 0.125);
}

Weighed weigh_rotations(const ckks::Context& context, const Budget& budget, Program& program) {
  Choice choice(budget);
  for (const double price : kPrices) {
    Program next = program;
    replan_rotations(context, price, next);
    choice.consider(tried(context, std::move(next)));
  }
  choice.consider(tried(context, std::move(program)));
  const Weighed weighed = choice.result();
  program = choice.take();
  return weighed;
}

void refuse_budget(const std::string& network, const Budget& budget, const Weighed& weighed) {
  std::string asked;
  if (budget.keys > 0) asked = fmt::format("{:.1f} MB of keys", budget.keys / 1e6);
  if (budget.memory > 0) {
    asked += fmt::format("{}{:.1f} MB of memory", asked.empty() ? "" : " and ", budget.memory / 1e6);
  }
  throw UnsupportedError(fmt::format(
      "no plan of {} takes at most {}: the fewest keys that were found are {:.1f} MB, the least memory {:.1f} "
      "MB; allow more, or use a network of fewer levels or channels",
      network, asked, weighed.least_keys / 1e6, weighed.least_memory / 1e6));
}

}  // namespace obscura::compile
