#include "circuits/block_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "base/error.h"
#include "ckks/support.h"

namespace obscura::circuits {
namespace {

constexpr std::size_t kSlots = 512;

StepCosts even_costs() {
  return {.decompose = 100, .inner_product = 40, .mod_down = 50, .multiply = 10, .key_megabytes = 0.5, .plaintext = 5};
}

std::vector<BlockOffset> random_offsets(std::size_t outputs, std::size_t inputs, std::size_t count,
                                        std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::set<std::tuple<std::size_t, std::size_t, std::int64_t>> chosen;
  for (std::size_t o = 0; o < outputs; ++o) chosen.insert({o, engine() % inputs, 0});
  while (chosen.size() < count) {
    chosen.insert({engine() % outputs, engine() % inputs, static_cast<std::int64_t>(engine() % kSlots)});
  }
  std::vector<BlockOffset> result;
  for (const auto& [o, i, d] : chosen) result.push_back({o, i, d});
  return result;
}

/// A convolution of 3 x 3 over rows of 8, channels 64 slots apart.
std::vector<BlockOffset> convolution() {
  std::vector<BlockOffset> result;
  for (std::int64_t channel = -3; channel <= 3; ++channel) {
    for (const std::int64_t row : {-8, 0, 8}) {
      for (const std::int64_t column : {-1, 0, 1}) {
        for (std::size_t block = 0; block < 4; ++block) {
          result.push_back({block / 2, block % 2, (64 * channel + row + column + 512) % 512});
        }
      }
    }
  }
  return result;
}

/// As many blocks as the diagonals mention.
BlockPlan plan_of(const std::vector<BlockOffset>& offsets, std::size_t slots, const StepCosts& costs) {
  BlockCounts counts;
  for (const auto& d : offsets) {
    counts = {std::max(counts.outputs, d.output + 1), std::max(counts.inputs, d.input + 1)};
  }
  return plan_blocks(offsets, counts, slots, costs);
}

std::vector<std::vector<BlockOffset>> offset_sets() {
  std::vector<std::vector<BlockOffset>> sets{
      {{0, 0, 0}}, {{0, 1, 7}}, {{0, 0, 511}, {1, 0, 256}}, {{0, 0, 257}, {0, 0, 256}}, convolution()};
  std::uint64_t seed = 0;
  for (const std::size_t outputs : {1, 3}) {
    for (const std::size_t inputs : {1, 2}) {
      for (const std::size_t count : {5, 60}) sets.push_back(random_offsets(outputs, inputs, count, ++seed));
    }
  }
  return sets;
}

TEST(BlockPlan, CoversEveryTermOnce) {
  for (const auto& offsets : offset_sets()) {
    const BlockPlan plan = plan_of(offsets, kSlots, even_costs());
    ASSERT_EQ(plan.terms.size(), offsets.size());
    std::vector<BlockOffset> covered;
    for (std::size_t t = 0; t < plan.terms.size(); ++t) {
      const auto& term = plan.terms[t];
      EXPECT_EQ(plan.giants[term.giant] + plan.babies[term.baby], term.offset);
      covered.push_back({term.output, term.input, (term.offset + 512) % 512});
      if (t == 0) continue;
      const auto& last = plan.terms[t - 1];
      EXPECT_LT(std::tie(last.output, last.giant, last.input, last.baby),
                std::tie(term.output, term.giant, term.input, term.baby));
    }
    EXPECT_TRUE(std::is_permutation(covered.begin(), covered.end(), offsets.begin()));
    EXPECT_TRUE(std::is_sorted(plan.giants.begin(), plan.giants.end()));
    EXPECT_TRUE(std::is_sorted(plan.babies.begin(), plan.babies.end()));
    for (const auto step : plan.rotations()) {
      EXPECT_NE(step % 512, 0);
      EXPECT_LT(std::abs(step), 512);
    }
  }
}

/// The prediction is what the plan itself says it does.
TEST(BlockPlan, PriceIsThatOfItsSteps) {
  const StepCosts costs = even_costs();
  for (const auto& offsets : offset_sets()) {
    const BlockPlan plan = plan_of(offsets, kSlots, costs);
    std::set<std::pair<std::size_t, std::size_t>> cells;
    std::set<std::size_t> hoisted;
    for (const auto& term : plan.terms) {
      if (plan.babies[term.baby] == 0) continue;
      cells.insert({term.input, term.baby});
      hoisted.insert(term.input);
    }
    std::size_t giants = 0;
    std::set<std::pair<std::size_t, bool>> chains;
    for (std::size_t o = 0; o < plan.outputs; ++o) {
      for (const std::size_t g : plan.giants_of(o)) {
        if (plan.giants[g] == 0) continue;
        ++giants;
        chains.insert({o, plan.giants[g] < 0});
      }
    }
    const double rotation = costs.inner_product + 2 * costs.mod_down;
    // Its first part is divided at the end of its chain.
    const double giant = costs.decompose + costs.inner_product + costs.mod_down;
    EXPECT_DOUBLE_EQ(plan.microseconds, static_cast<double>(hoisted.size()) * costs.decompose +
                                            static_cast<double>(cells.size()) * rotation +
                                            static_cast<double>(giants) * giant +
                                            static_cast<double>(chains.size()) * costs.mod_down +
                                            static_cast<double>(plan.terms.size()) * costs.plaintext);
    EXPECT_DOUBLE_EQ(plan.key_megabytes, static_cast<double>(plan.rotations().size()) * costs.key_megabytes);
  }
}

TEST(BlockPlan, EvenGiantsTakeTwoKeys) {
  const BlockPlan plan = plan_of(convolution(), kSlots, even_costs());
  // Nine babies serve two inputs; seven giants of two outputs go in steps of one channel.
  EXPECT_EQ(plan.babies.size(), 9u);
  EXPECT_EQ(plan.giants.size(), 7u);
  EXPECT_EQ(plan.rotations(), (std::vector<std::int64_t>{-64, -9, -8, -7, -1, 1, 7, 8, 9, 64}));
}

TEST(BlockPlan, FindsStridesThatAreNoRoundNumbers) {
  constexpr std::size_t slots = 16384;
  std::vector<BlockOffset> offsets;
  for (std::int64_t channel = -6; channel <= 6; ++channel) {
    for (const std::int64_t row : {-34, 0, 34}) {
      for (const std::int64_t column : {-1, 0, 1}) {
        offsets.push_back({0, 0, (1156 * channel + row + column + 16384) % 16384});
      }
    }
  }
  const BlockPlan plan = plan_of(offsets, slots, even_costs());
  EXPECT_EQ(plan.babies.size(), 9u);
  EXPECT_EQ(plan.giants.size(), 13u);
}

TEST(BlockPlan, ChainsAreOfOneLength) {
  // Dear keys: a single chain would save the one of the way back.
  StepCosts costs = even_costs();
  costs.key_megabytes = 2;
  const BlockPlan plan = plan_of(convolution(), kSlots, costs);
  EXPECT_EQ(plan.giants.front(), -plan.giants.back());
}

TEST(BlockPlan, CountsBlocksThatNoDiagonalTouches) {
  const BlockPlan plan = plan_blocks(std::vector<BlockOffset>{{1, 2, 3}, {3, 2, 4}}, {5, 4}, kSlots, even_costs());
  EXPECT_EQ(plan.outputs, 5u);
  EXPECT_EQ(plan.inputs, 4u);
  EXPECT_TRUE(plan.giants_of(0).empty());
  EXPECT_NO_THROW(check_plan(plan, kSlots));
}

TEST(BlockPlan, IsDeterministic) {
  for (auto offsets : offset_sets()) {
    const BlockPlan first = plan_of(offsets, kSlots, even_costs());
    std::reverse(offsets.begin(), offsets.end());
    const BlockPlan second = plan_of(offsets, kSlots, even_costs());
    EXPECT_EQ(first.babies, second.babies);
    EXPECT_EQ(first.giants, second.giants);
    EXPECT_EQ(first.microseconds, second.microseconds);
  }
}

TEST(BlockPlan, Errors) {
  const auto plan = [](const std::vector<BlockOffset>& offsets) { plan_of(offsets, kSlots, even_costs()); };
  EXPECT_THROW(plan({}), ParameterError);
  EXPECT_THROW(plan_blocks(std::vector<BlockOffset>{{1, 0, 0}}, {1, 1}, kSlots, even_costs()), ParameterError);
  EXPECT_THROW(plan_blocks(std::vector<BlockOffset>{{0, 1, 0}}, {1, 1}, kSlots, even_costs()), ParameterError);
  EXPECT_THROW(plan({{0, 0, -1}}), ParameterError);
  EXPECT_THROW(plan({{0, 0, 512}}), ParameterError);
  EXPECT_THROW(plan({{0, 0, 3}, {0, 1, 3}, {0, 0, 3}}), ParameterError);
}

}  // namespace
}  // namespace obscura::circuits
