#include "circuits/block_plan.h"

#include <bit>
#include <cmath>
#include <string>
#include <tuple>

#include "base/error.h"
#include "circuits/baby_giant.h"

namespace obscura::circuits {
namespace {

/// How often each step of key switching is made, and the giants of the longest chain.
struct Counts {
  std::size_t decompositions = 0, babies = 0, giants = 0, chains = 0, keys = 0, longest_chain = 0;
};

double baby_price(const StepCosts& costs) {
  return costs.inner_product + 2 * costs.mod_down;
}

/// Its second part is divided by P; the first is at the end of its chain.
double giant_price(const StepCosts& costs) {
  return costs.decompose + costs.inner_product + costs.mod_down;
}

double microseconds(const Counts& counts, std::size_t terms, const StepCosts& costs) {
  return static_cast<double>(counts.decompositions) * costs.decompose +
         static_cast<double>(counts.babies) * baby_price(costs) +
         static_cast<double>(counts.giants) * giant_price(costs) + static_cast<double>(counts.chains) * costs.mod_down +
         static_cast<double>(terms) * costs.plaintext;
}

/// Diagonals sorted by output, then offset around zero.
std::vector<BlockOffset> checked_and_centred(std::span<const BlockOffset> offsets, const BlockCounts& counts,
                                             std::size_t slots) {
  const auto n = static_cast<std::int64_t>(slots);
  std::vector<BlockOffset> result(offsets.begin(), offsets.end());
  for (BlockOffset& d : result) {
    if (d.offset < 0 || d.offset >= n) {
      throw ParameterError("block offset " + std::to_string(d.offset) + " is outside the slots");
    }
    if (d.output >= counts.outputs || d.input >= counts.inputs) {
      throw ParameterError("a diagonal of output " + std::to_string(d.output) + " and input " +
                           std::to_string(d.input) + " in a matrix of " + std::to_string(counts.outputs) + " by " +
                           std::to_string(counts.inputs) + " blocks");
    }
    d.offset = centred(d.offset, n);
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::tie(a.output, a.offset, a.input) < std::tie(b.output, b.offset, b.input);
  });
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    throw ParameterError("a block diagonal is given twice");
  }
  return result;
}

/// Prices windows one after the other and gives up on one as soon as it is dearer than the best.
class Search {
 public:
  Search(const std::vector<BlockOffset>& diagonals, std::size_t inputs, std::size_t slots, const StepCosts& costs,
         double key_price, std::span<const std::int64_t> owned)
      : diagonals_(diagonals),
        slots_(static_cast<std::int64_t>(slots)),
        costs_(costs),
        key_price_(key_price),
        hoisted_(inputs),
        cells_(static_cast<std::int64_t>(inputs) * slots_ * 2),
        keys_(2 * slots_, owned) {}

  BabyWindow best_window() {
    const auto [lo, hi] = std::minmax_element(diagonals_.begin(), diagonals_.end(),
                                              [](const auto& a, const auto& b) { return a.offset < b.offset; });
    lo_ = lo->offset, span_ = hi->offset - lo_ + 1;
    // Powers of two first: one of them is good, and most others are given up early against it.
    for (std::int64_t width = 1; width < span_; width *= 2) try_width(width);
    for (std::int64_t width = 1; width <= span_; ++width) {
      if (is_on_grid(width)) try_width(width);
    }
    // The strides of a layout are offsets themselves.
    for (const std::int64_t width : magnitudes()) try_width(width);
    return best_;
  }

  /// False where it costs more than the best so far.
  bool count(const BabyWindow& window, Counts& counts) {
    counts = {};
    cells_.clear();
    keys_.clear();
    std::fill(hoisted_.begin(), hoisted_.end(), false);
    std::int64_t last = 0;
    std::size_t above = 0, below = 0;
    for (std::size_t i = 0; i < diagonals_.size(); ++i) {
      const BlockOffset& d = diagonals_[i];
      const bool first = i == 0 || diagonals_[i - 1].output != d.output;
      if (first && last < 0) counts.keys += keys_.insert(last);
      if (first) above = below = 0;
      // Most diagonals have the giant of the one before: no division for them.
      const bool same = !first && d.offset - last < window.start + window.width;
      const std::int64_t giant = same ? last : window.giant(d.offset);
      if (!same) {
        above += giant > 0, below += giant < 0;
        counts.chains += (giant > 0 && above == 1) || (giant < 0 && below == 1);
        counts.longest_chain = std::max({counts.longest_chain, above, below});
        add_giant(giant, first ? 0 : last, counts);
        last = giant;
      }
      if (add_baby(d.input, d.offset - giant, counts) && price(counts) > best_price_) return false;
    }
    if (last < 0) counts.keys += keys_.insert(last);
    return true;
  }

 private:
  void try_width(std::int64_t width) {
    if (least_price(width) > best_price_) return;
    for (const std::int64_t start : {lo_, std::int64_t{0}, -(width / 2)}) {
      // A giant step all the way round would be none.
      if (width == slots_ && start != lo_) continue;
      Counts counts;
      if (!count({width, start}, counts)) continue;
      const double total = price(counts);
      if (total < best_price_) best_price_ = total, best_ = {width, start};
    }
  }

  /// All widths up to 128 and the whole span, then 64 an octave.
  bool is_on_grid(std::int64_t width) const {
    const auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(width)) / 64);
    return step <= 1 || width % step == 0 || width == span_;
  }

  /// The widths that only the offsets suggest, unless there are so many that any width is as good.
  std::vector<std::int64_t> magnitudes() const {
    std::vector<std::int64_t> widths;
    for (const BlockOffset& d : diagonals_) widths.push_back(std::abs(d.offset));
    make_set(widths);
    std::erase_if(widths, [&](std::int64_t w) { return w == 0 || w >= span_ || is_on_grid(w); });
    return widths.size() > 1024 ? std::vector<std::int64_t>() : widths;
  }

  /// What no window of this width can be cheaper than: an output with D diagonals and G giants reads at least D / G
  /// cells, and has at least D / (inputs width) giants.
  double least_price(std::int64_t width) const {
    const auto most_giants = static_cast<double>(span_ / width + 2), inputs = static_cast<double>(hoisted_.size());
    double babies = 0, giants = 0;
    for (std::size_t i = 0; i < diagonals_.size();) {
      const std::size_t first = i;
      while (i < diagonals_.size() && diagonals_[i].output == diagonals_[first].output) ++i;
      const auto count = static_cast<double>(i - first);
      babies = std::max(babies, count / most_giants - inputs);
      giants += std::max(0.0, count / (inputs * static_cast<double>(width)) - 1);
    }
    return babies * baby_price(costs_) + giants * giant_price(costs_);
  }

  /// Two threads take two chains at once: one waits where the longest chain has more than half of the giants.
  double price(const Counts& counts) const {
    const std::size_t idle = std::max(counts.giants, 2 * counts.longest_chain) - counts.giants;
    return microseconds(counts, 0, costs_) + static_cast<double>(idle) * giant_price(costs_) +
           key_price_ * static_cast<double>(counts.keys) * costs_.key_megabytes;
  }

  /// Giants of an output come in increasing order: a negative one rotates to the next, a positive one to the last.
  void add_giant(std::int64_t giant, std::int64_t last, Counts& counts) {
    if (last < 0) counts.keys += keys_.insert(last - std::min<std::int64_t>(giant, 0));
    if (giant > 0) counts.keys += keys_.insert(giant - std::max<std::int64_t>(last, 0));
    counts.giants += giant != 0;
  }

  bool add_baby(std::size_t input, std::int64_t baby, Counts& counts) {
    if (baby == 0) return false;
    if (!cells_.insert(static_cast<std::int64_t>(input) * 2 * slots_ + baby)) return false;
    counts.keys += keys_.insert(baby);
    counts.decompositions += !hoisted_[input];
    hoisted_[input] = true;
    ++counts.babies;
    return true;
  }

  const std::vector<BlockOffset>& diagonals_;
  std::int64_t slots_;
  const StepCosts& costs_;
  double key_price_;
  std::vector<bool> hoisted_;
  StampSet cells_;
  KeySet keys_;
  std::int64_t lo_ = 0, span_ = 1;
  BabyWindow best_;
  double best_price_ = INFINITY;
};

BlockPlan split(const std::vector<BlockOffset>& diagonals, const BabyWindow& window) {
  BlockPlan plan;
  for (const BlockOffset& d : diagonals) {
    const std::int64_t giant = window.giant(d.offset);
    plan.giants.push_back(giant);
    plan.babies.push_back(d.offset - giant);
  }
  make_set(plan.giants);
  make_set(plan.babies);
  for (const BlockOffset& d : diagonals) {
    const std::int64_t giant = window.giant(d.offset);
    plan.terms.push_back(
        {d.output, index_in(plan.giants, giant), d.input, index_in(plan.babies, d.offset - giant), d.offset});
  }
  std::sort(plan.terms.begin(), plan.terms.end(), [](const auto& a, const auto& b) {
    return std::tie(a.output, a.giant, a.input, a.baby) < std::tie(b.output, b.giant, b.input, b.baby);
  });
  return plan;
}

}  // namespace

std::vector<std::size_t> BlockPlan::giants_of(std::size_t output) const {
  std::vector<std::size_t> used;
  for (const Term& term : terms) {
    if (term.output == output && (used.empty() || used.back() != term.giant)) used.push_back(term.giant);
  }
  return used;
}

std::int64_t BlockPlan::step_inwards(const std::vector<std::size_t>& used, std::size_t k) const {
  const std::int64_t giant = giants[used[k]];
  if (giant > 0) return giant - (k > 0 ? std::max<std::int64_t>(giants[used[k - 1]], 0) : 0);
  if (giant < 0) return giant - (k + 1 < used.size() ? std::min<std::int64_t>(giants[used[k + 1]], 0) : 0);
  return 0;
}

std::vector<std::int64_t> BlockPlan::rotations() const {
  std::vector<std::int64_t> steps = babies;
  for (std::size_t o = 0; o < outputs; ++o) {
    const auto used = giants_of(o);
    for (std::size_t k = 0; k < used.size(); ++k) steps.push_back(step_inwards(used, k));
  }
  make_set(steps);
  std::erase(steps, 0);
  return steps;
}

BlockPlan plan_blocks(std::span<const BlockOffset> offsets, const BlockCounts& counts, std::size_t slots,
                      const StepCosts& costs, double microseconds_per_key_megabyte,
                      std::span<const std::int64_t> owned) {
  if (offsets.empty()) throw ParameterError("a block transform without diagonals");
  const auto diagonals = checked_and_centred(offsets, counts, slots);
  Search search(diagonals, counts.inputs, slots, costs, microseconds_per_key_megabyte, owned);
  const BabyWindow window = search.best_window();
  BlockPlan plan = split(diagonals, window);
  plan.inputs = counts.inputs;
  plan.outputs = counts.outputs;
  Counts steps;
  search.count(window, steps);
  plan.microseconds = microseconds(steps, plan.terms.size(), costs);
  plan.key_megabytes = static_cast<double>(steps.keys) * costs.key_megabytes;
  return plan;
}

void check_plan(const BlockPlan& plan, std::size_t slots) {
  const auto in_range = [&](std::int64_t step) { return std::abs(step) < static_cast<std::int64_t>(slots); };
  bool good = !plan.terms.empty() && std::all_of(plan.babies.begin(), plan.babies.end(), in_range) &&
              std::all_of(plan.giants.begin(), plan.giants.end(), in_range) &&
              std::is_sorted(plan.giants.begin(), plan.giants.end());
  for (std::size_t t = 0; good && t < plan.terms.size(); ++t) {
    const auto& term = plan.terms[t];
    good = term.giant < plan.giants.size() && term.baby < plan.babies.size() && term.input < plan.inputs &&
           term.output < plan.outputs && plan.giants[term.giant] + plan.babies[term.baby] == term.offset;
    if (!good || t == 0) continue;
    const auto& last = plan.terms[t - 1];
    good = std::tie(last.output, last.giant, last.input, last.baby) <
           std::tie(term.output, term.giant, term.input, term.baby);
  }
  if (!good) throw ParameterError("the plan of a block transform contradicts itself");
}

void request_keys(const BlockPlan& plan, std::size_t limbs, std::size_t degree, ckks::KeyRequest& request) {
  for (const std::int64_t step : plan.rotations()) request.rotation(step, limbs, degree);
}

}  // namespace obscura::circuits
