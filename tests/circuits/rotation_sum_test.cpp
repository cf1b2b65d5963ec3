#include "circuits/rotation_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/evaluation.h"

namespace obscura::circuits {
namespace {

using ckks::Ciphertext;
using ckks::testing::Complexes;
using ckks::testing::Party;
using ckks::testing::random_complex;

Complexes plain_sum(const Complexes& x, const std::vector<std::int64_t>& steps) {
  Complexes sum = x;
  for (const auto step : steps) {
    const Complexes moved = ckks::testing::rotated(x, step);
    for (std::size_t i = 0; i < x.size(); ++i) sum[i] += moved[i];
  }
  return sum;
}

TEST(RotationSum, IsTheSumOfRotations) {
  for (const auto& set : ckks::testing::parameter_sets()) {
    SCOPED_TRACE(set);
    const Party party(set.context());
    const ckks::Context& context = *party.context;
    const std::vector<std::int64_t> steps{1, -4, 17, 256};
    const ckks::Evaluator server = party.server(steps, false);
    const Complexes x = random_complex(context.slots(), 1);
    for (std::size_t limbs = context.max_limbs(); limbs >= 1; --limbs) {
      SCOPED_TRACE(limbs);
      const double scale = std::min(set.scale, std::exp2(context.log_q(limbs) - 6));
      const Ciphertext input = party.encrypt(x, scale, limbs);
      const Ciphertext y = rotation_sum(server, input, steps);
      EXPECT_EQ(y.scale, input.scale);
      EXPECT_EQ(y.limbs(), limbs);
      const double variance =
          5 * 5 * ckks::testing::fresh_variance() + 4 * ckks::testing::key_switch_variance(context, limbs);
      EXPECT_LT(ckks::testing::largest_error(plain_sum(x, steps), party.decrypt(y)),
                ckks::testing::bound(context, variance, scale));
      EXPECT_EQ(rotation_sum(server, input, {}), input);
    }
  }
}

/// Multiset of the steps that a chain of groups sums over: one of each group or none.
std::vector<std::int64_t> reached(const std::vector<std::vector<std::int64_t>>& groups) {
  std::vector<std::int64_t> all{0};
  for (const auto& group : groups) {
    std::vector<std::int64_t> next = all;
    for (const auto step : group) {
      for (const auto at : all) next.push_back(at + step);
    }
    all = std::move(next);
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(RotationSum, GroupsCoverAllSubsetSums) {
  const StepCosts cheap_switch{.decompose = 1, .inner_product = 40, .mod_down = 1, .multiply = 1, .key_megabytes = 1};
  const StepCosts dear_switch{.decompose = 900, .inner_product = 4, .mod_down = 900, .multiply = 1, .key_megabytes = 0};
  for (std::size_t count = 0; count <= 10; ++count) {
    std::vector<std::int64_t> doublings, wanted;
    for (std::size_t b = 0; b < count; ++b) doublings.push_back(std::int64_t{3} << b);
    for (std::int64_t k = 0; k < std::int64_t{1} << count; ++k) wanted.push_back(3 * k);
    for (const StepCosts& costs : {cheap_switch, dear_switch}) {
      const auto groups = group_rotation_sum(doublings, costs);
      EXPECT_EQ(reached(groups), wanted) << count;
      EXPECT_GE(rotation_sum_cost(groups, costs), 0);
    }
    EXPECT_EQ(group_rotation_sum(doublings, cheap_switch).size(), count);  // nothing joined
    EXPECT_LE(group_rotation_sum(doublings, dear_switch).size(), (count + 1) / 2);
  }
}

TEST(RotationSum, GroupsGiveTheSumOfAPeriod) {
  const Party party(ckks::testing::small_context(10, {45, 40, 40}, {45}));
  const std::vector<std::int64_t> doublings{1, 2, 4, 8, 16};
  for (const double dear : {0.0, 1000.0}) {
    StepCosts costs = step_costs(*party.context, 2);
    costs.mod_down += dear;
    const auto groups = group_rotation_sum(doublings, costs, 0);
    ckks::KeyRequest request;
    for (const auto& group : groups) {
      for (const auto step : group) request.rotation(step, 2, party.context->degree());
    }
    const ckks::Evaluator server = party.server(request);
    const Complexes x = random_complex(party.context->slots(), 5);
    Ciphertext y = party.encrypt(x, 0x1p40, 2);
    for (const auto& group : groups) y = rotation_sum(server, y, group);
    std::vector<std::int64_t> steps;
    for (std::int64_t k = 1; k < 32; ++k) steps.push_back(k);
    EXPECT_LT(ckks::testing::largest_error(plain_sum(x, steps), party.decrypt(y)), 1e-6);
  }
}

TEST(RotationSum, WrongUse) {
  const Party party(ckks::testing::small_context(10, {45, 40, 40}, {45}));
  const ckks::Evaluator server = party.server({1});
  const Ciphertext x = party.encrypt(random_complex(party.context->slots(), 1), 0x1p40, 3);
  const std::vector<std::int64_t> one{1}, two{1, 2};
  EXPECT_NO_THROW(rotation_sum(server, x, one));
  EXPECT_THROW(rotation_sum(server, x, two), MismatchError);
  EXPECT_THROW(rotation_sum(server, server.square(x), one), MismatchError);
  EXPECT_THROW(rotation_sum(server, Ciphertext{}, one), MismatchError);
  EXPECT_THROW(rotation_sum(ckks::Evaluator(party.context), x, one), MismatchError);
}

}  // namespace
}  // namespace obscura::circuits
