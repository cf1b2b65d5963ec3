#include "circuits/linear_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "base/error.h"
#include "ckks/support.h"

namespace obscura::circuits {
namespace {

constexpr std::size_t kSlots = 512;

StepCosts even_costs() {
  return {.decompose = 100, .inner_product = 40, .mod_down = 50, .multiply = 10, .key_megabytes = 0.5};
}

std::vector<std::vector<std::int64_t>> offset_sets() {
  std::vector<std::vector<std::int64_t>> sets{{0}, {7}, {511}, {0, 511}, {256}, {255, 256, 257}};
  std::vector<std::int64_t> dense(64), toeplitz, random;
  std::iota(dense.begin(), dense.end(), 0);
  for (const std::int64_t row : {-28, 0, 28, 56}) {
    for (const std::int64_t column : {-1, 0, 1}) toeplitz.push_back((row + column + 512) % 512);
  }
  std::mt19937_64 engine(3);
  std::set<std::int64_t> chosen;
  while (chosen.size() < 20) chosen.insert(static_cast<std::int64_t>(engine() % kSlots));
  random.assign(chosen.begin(), chosen.end());
  sets.insert(sets.end(), {dense, toeplitz, random});
  return sets;
}

std::int64_t modulo_slots(std::int64_t step) {
  const auto n = static_cast<std::int64_t>(kSlots);
  return (step % n + n) % n;
}

TEST(LinearPlan, EveryOffsetIsGiantPlusBaby) {
  for (const auto& offsets : offset_sets()) {
    SCOPED_TRACE(::testing::PrintToString(offsets));
    const LinearPlan plan = plan_linear(offsets, kSlots, even_costs());
    ASSERT_EQ(plan.terms.size(), offsets.size());
    std::set<std::int64_t> covered, babies(plan.babies.begin(), plan.babies.end()),
        giants(plan.giants.begin(), plan.giants.end());
    EXPECT_EQ(babies.size(), plan.babies.size());
    EXPECT_EQ(giants.size(), plan.giants.size());
    std::set<std::size_t> used_babies, used_giants;
    for (std::size_t t = 0; t < plan.terms.size(); ++t) {
      const auto& term = plan.terms[t];
      EXPECT_EQ(plan.giants[term.giant] + plan.babies[term.baby], term.offset);
      covered.insert(modulo_slots(term.offset));
      used_babies.insert(term.baby);
      used_giants.insert(term.giant);
      EXPECT_LE(plan.terms[t == 0 ? 0 : t - 1].giant, term.giant);
    }
    EXPECT_EQ(covered, std::set<std::int64_t>(offsets.begin(), offsets.end()));
    EXPECT_EQ(used_babies.size(), plan.babies.size());
    EXPECT_EQ(used_giants.size(), plan.giants.size());
  }
}

TEST(LinearPlan, IsDeterministic) {
  for (auto offsets : offset_sets()) {
    const LinearPlan first = plan_linear(offsets, kSlots, even_costs());
    std::reverse(offsets.begin(), offsets.end());
    const LinearPlan second = plan_linear(offsets, kSlots, even_costs());
    EXPECT_EQ(first.babies, second.babies);
    EXPECT_EQ(first.giants, second.giants);
    EXPECT_EQ(first.microseconds, second.microseconds);
  }
}

TEST(LinearPlan, CostsGrowWithTheMatrixAndThePrices) {
  std::vector<std::int64_t> offsets;
  double last = 0;
  for (std::int64_t d = 0; d < 100; ++d) {
    offsets.push_back(d);
    const LinearPlan plan = plan_linear(offsets, kSlots, even_costs(), 0);
    EXPECT_GE(plan.microseconds, last) << d;
    last = plan.microseconds;
  }
  StepCosts dear = even_costs();
  dear.inner_product *= 2;
  EXPECT_GT(plan_linear(offsets, kSlots, dear, 0).microseconds, last);
  // Two steps for a hundred diagonals beat a hundred steps.
  EXPECT_LT(last, 100 * even_costs().inner_product);
}

TEST(LinearPlan, FollowsThePrices) {
  std::vector<std::int64_t> offsets(256);
  std::iota(offsets.begin(), offsets.end(), 0);
  StepCosts dear_giants = even_costs(), dear_babies = even_costs();
  dear_giants.mod_down = 1000;
  dear_babies.inner_product = 100, dear_babies.mod_down = 0, dear_babies.decompose = 0;
  const LinearPlan wide = plan_linear(offsets, kSlots, dear_giants, 0);
  const LinearPlan narrow = plan_linear(offsets, kSlots, dear_babies, 0);
  EXPECT_GT(wide.babies.size(), 2 * narrow.babies.size());
  EXPECT_LT(wide.giants.size(), narrow.giants.size());
  // Dear keys are few keys.
  EXPECT_LT(plan_linear(offsets, kSlots, dear_giants, 1e6).key_megabytes, wide.key_megabytes);
}

TEST(LinearPlan, OffsetsAroundZeroStayTogether) {
  // -3 ... 3 as residues: one window of seven babies, no giant but 0, no key for the way round.
  const LinearPlan plan = plan_linear({509, 510, 511, 0, 1, 2, 3}, kSlots, even_costs());
  for (const auto step : plan.babies) EXPECT_LE(std::abs(step), 6);
  for (const auto step : plan.giants) EXPECT_LE(std::abs(step), 6);
}

TEST(LinearPlan, NoDiagonalsIsAnError) {
  EXPECT_THROW(plan_linear({}, kSlots, even_costs()), ParameterError);
}

TEST(LinearPlan, CostsGrowWithTheLevel) {
  const auto context = ckks::testing::small_context(11, {40, 30, 30, 30}, {45});
  StepCosts last;
  for (std::size_t limbs = 1; limbs <= 4; ++limbs) {
    const StepCosts costs = step_costs(*context, limbs);
    EXPECT_GT(costs.decompose, last.decompose);
    EXPECT_GT(costs.inner_product, last.inner_product);
    EXPECT_GT(costs.mod_down, last.mod_down);
    EXPECT_GT(costs.multiply, last.multiply);
    EXPECT_GT(costs.plaintext, last.plaintext);
    EXPECT_GT(costs.key_megabytes, last.key_megabytes);
    last = costs;
  }
  // Four digits over five primes of 2^11 coefficients, in bits: what the wire format takes.
  EXPECT_NEAR(last.key_megabytes, 4 * (40 + 3 * 30 + 45) * 2048 / 8e6, 0.01);
}

}  // namespace
}  // namespace obscura::circuits
