#include "circuits/linear_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"

namespace obscura::circuits {
namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// Offsets as signed numbers around zero, so that neighbours on both sides of slot 0 are neighbours here too.
std::vector<std::int64_t> centred(const std::vector<std::int64_t>& offsets, std::size_t slots) {
  std::vector<std::int64_t> result;
  const auto n = static_cast<std::int64_t>(slots);
  for (const std::int64_t d : offsets) result.push_back(d > n / 2 ? d - n : d);
  return result;
}

LinearPlan split(const std::vector<std::int64_t>& offsets, std::int64_t width, std::int64_t start) {
  std::map<std::int64_t, std::size_t> babies, giants;
  for (const std::int64_t d : offsets) {
    const std::int64_t giant = floor_div(d - start, width) * width;
    giants[giant] = 0;
    babies[d - giant] = 0;
  }
  LinearPlan plan;
  for (auto& [step, index] : babies) index = plan.babies.size(), plan.babies.push_back(step);
  for (auto& [step, index] : giants) index = plan.giants.size(), plan.giants.push_back(step);
  for (const std::int64_t d : offsets) {
    const std::int64_t giant = floor_div(d - start, width) * width;
    plan.terms.push_back({giants[giant], babies[d - giant], d});
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

std::size_t nonzero(const std::vector<std::int64_t>& steps) {
  return steps.size() - static_cast<std::size_t>(std::count(steps.begin(), steps.end(), 0));
}

void price(LinearPlan& plan, const StepCosts& costs) {
  const auto babies = static_cast<double>(nonzero(plan.babies)),
             giants = static_cast<double>(nonzero(giant_steps(plan.giants)));
  const std::size_t keys = plan.rotations().size();
  plan.key_megabytes = static_cast<double>(keys) * costs.key_megabytes;
  plan.microseconds = (babies > 0 ? costs.decompose : 0) + babies * costs.inner_product +
                      giants * (costs.mod_down + costs.decompose + costs.inner_product) + 2 * costs.mod_down +
                      static_cast<double>(plan.terms.size()) * costs.multiply;
}

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
  const auto l = static_cast<double>(limbs), k = static_cast<double>(context.special_limbs());
  const auto digits = static_cast<double>(context.digits(limbs));
  const double ntt = 0.94e-4 * n * std::log2(n);  // microseconds: 10 at 2^13
  const double word = 0.8e-4 * n;                 // one lazy multiply-add over N words in cache
  const double stream = 6 * n / 20e3;             // N residues of 6 bytes from memory at 20 GB/s: keys and plaintexts
  StepCosts costs;
  costs.decompose = digits * (l + k) * (ntt + 3 * word);
  costs.inner_product = (l + k) * (2 * digits * (word + stream) + 4 * word);
  costs.mod_down = (l + k) * ntt + 4 * l * word;
  costs.multiply = (l + k) * (stream + 4 * word);
  double bits = context.log_q(limbs);
  for (std::size_t i = 0; i < context.special_limbs(); ++i) bits += context.p(i).modulus().bits();
  costs.key_megabytes = digits * bits * n / 8e6;
  return costs;
}

LinearPlan plan_linear(const std::vector<std::int64_t>& offsets, std::size_t slots, const StepCosts& costs,
                       double microseconds_per_key_megabyte) {
  if (offsets.empty()) throw ParameterError("a linear transform without diagonals");
  const auto around = centred(offsets, slots);
  const auto [lo, hi] = std::minmax_element(around.begin(), around.end());
  const std::int64_t span = *hi - *lo + 1;
  LinearPlan best;
  double best_price = INFINITY;
  for (std::int64_t width = 1; width <= span; ++width) {
    // Wide windows of a wide set change little from one width to the next.
    if (width > 512 && width % 16 != 0 && width != span) continue;
    for (const std::int64_t start : {*lo, std::int64_t{0}, -(width / 2)}) {
      LinearPlan plan = split(around, width, start);
      price(plan, costs);
      const double total = plan.microseconds + microseconds_per_key_megabyte * plan.key_megabytes;
      if (total < best_price) best_price = total, best = std::move(plan);
    }
  }
  return best;
}

}  // namespace obscura::circuits
