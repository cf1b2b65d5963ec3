#include "circuits/linear_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"
#include "circuits/baby_giant.h"

namespace obscura::circuits {
namespace {

LinearPlan split(const std::vector<std::int64_t>& offsets, const BabyWindow& window) {
  LinearPlan plan;
  for (const std::int64_t d : offsets) {
    plan.giants.push_back(window.giant(d));
    plan.babies.push_back(d - plan.giants.back());
  }
  make_set(plan.giants);
  make_set(plan.babies);
  for (const std::int64_t d : offsets) {
    const std::int64_t giant = window.giant(d);
    plan.terms.push_back({index_in(plan.giants, giant), index_in(plan.babies, d - giant), d});
  }
  std::sort(plan.terms.begin(), plan.terms.end(),
            [](const auto& a, const auto& b) { return a.giant != b.giant ? a.giant < b.giant : a.baby < b.baby; });
  return plan;
}

/// What Horner's rule rotates by: the first giant and the differences.
std::vector<std::int64_t> giant_steps(const std::vector<std::int64_t>& giants) {
  std::vector<std::int64_t> steps(giants.size());
  std::adjacent_difference(giants.begin(), giants.end(), steps.begin());
  return steps;
}

/// How many steps other than zero there are, and how many of them differ.
struct Counts {
  std::size_t babies = 0, giants = 0, keys = 0;
};

struct Price {
  double microseconds = 0, key_megabytes = 0;
};

Price price(const Counts& counts, std::size_t terms, const StepCosts& costs) {
  const auto babies = static_cast<double>(counts.babies), giants = static_cast<double>(counts.giants);
  return {(babies > 0 ? costs.decompose : 0) + babies * costs.inner_product +
              giants * (costs.mod_down + costs.decompose + costs.inner_product) + 2 * costs.mod_down +
              static_cast<double>(terms) * costs.multiply,
          static_cast<double>(counts.keys) * costs.key_megabytes};
}

/// Prices windows over sorted offsets one after the other and gives up on one as soon as it is dearer than the best.
class Search {
 public:
  Search(const std::vector<std::int64_t>& sorted, std::size_t slots, const StepCosts& costs, double key_price,
         std::span<const std::int64_t> owned)
      : offsets_(sorted),
        costs_(costs),
        key_price_(key_price),
        babies_(2 * static_cast<std::int64_t>(slots)),
        keys_(4 * static_cast<std::int64_t>(slots), owned) {}

  void attempt(const BabyWindow& window) {
    Counts counts;
    babies_.clear();
    keys_.clear();
    std::int64_t last = 0;
    for (const std::int64_t d : offsets_) {
      const std::int64_t giant = window.giant(d), baby = d - giant;
      if (giant != last) {
        ++counts.giants;
        counts.keys += keys_.insert(giant - last);
        last = giant;
      }
      if (baby == 0 || !babies_.insert(baby)) continue;
      ++counts.babies;
      counts.keys += keys_.insert(baby);
      if (total(counts) > best_price_) return;
    }
    if (total(counts) >= best_price_) return;
    best_price_ = total(counts);
    best_ = window;
    best_counts_ = counts;
  }

  const BabyWindow& best() const { return best_; }
  Price best_price() const { return price(best_counts_, offsets_.size(), costs_); }

 private:
  double total(const Counts& counts) const {
    const Price parts = price(counts, offsets_.size(), costs_);
    return parts.microseconds + key_price_ * parts.key_megabytes;
  }

  const std::vector<std::int64_t>& offsets_;
  const StepCosts& costs_;
  double key_price_;
  StampSet babies_;
  KeySet keys_;
  BabyWindow best_;
  Counts best_counts_;
  double best_price_ = INFINITY;
};

}  // namespace

std::vector<std::int64_t> LinearPlan::rotations() const {
  std::set<std::int64_t> steps(babies.begin(), babies.end());
  for (const std::int64_t step : giant_steps(giants)) steps.insert(step);
  steps.erase(0);
  return {steps.begin(), steps.end()};
}

StepCosts step_costs(const ckks::Context& context, std::size_t limbs) {
  // Fitted on a 2-core Zen 4 machine with the IFMA kernels at N = 2^13; only ratios matter.
  const auto n = static_cast<double>(context.degree());
  const auto l = static_cast<double>(limbs), k = static_cast<double>(context.extended(limbs).special());
  const auto digits = static_cast<double>(context.digits(limbs));
  const double ntt = 0.94e-4 * n * std::log2(n);  // microseconds: 10 at 2^13
  const double word = 0.8e-4 * n;                 // one lazy multiply-add over N words in cache
  const double stream = 6 * n / 20e3;             // N residues of 6 bytes from memory at 20 GB/s: keys and plaintexts
  StepCosts costs;
  costs.decompose = digits * (l + k) * (ntt + 3 * word);
  costs.inner_product = (l + k) * (2 * digits * (word + stream) + 4 * word);
  costs.mod_down = (l + k) * ntt + 4 * l * word;
  costs.multiply = (l + k) * (stream + 4 * word);
  // Two real diagonals share a transform (block_transform.h); what the products read is near.
  costs.plaintext = l * (ntt / 2 + 2 * word);
  double bits = context.log_q(limbs);
  for (std::size_t i = 0; i < context.extended(limbs).special(); ++i) bits += context.p(i).modulus().bits();
  costs.key_megabytes = digits * bits * n / 8e6;
  return costs;
}

LinearPlan plan_linear(const std::vector<std::int64_t>& offsets, std::size_t slots, const StepCosts& costs,
                       double microseconds_per_key_megabyte, std::span<const std::int64_t> owned) {
  if (offsets.empty()) throw ParameterError("a linear transform without diagonals");
  std::vector<std::int64_t> around;
  for (const std::int64_t d : offsets) around.push_back(centred(d, static_cast<std::int64_t>(slots)));
  std::sort(around.begin(), around.end());
  const std::int64_t span = around.back() - around.front() + 1;
  Search search(around, slots, costs, microseconds_per_key_megabyte, owned);
  for (std::int64_t width = 1; width <= span; ++width) {
    if (!is_tried(width, span)) continue;
    for (const std::int64_t start : {around.front(), std::int64_t{0}, -(width / 2)}) search.attempt({width, start});
  }
  LinearPlan plan = split(around, search.best());
  plan.microseconds = search.best_price().microseconds;
  plan.key_megabytes = search.best_price().key_megabytes;
  return plan;
}

}  // namespace obscura::circuits
