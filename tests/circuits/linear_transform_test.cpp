#include "circuits/linear_transform.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "base/error.h"
#include "ckks/evaluation.h"

namespace obscura::circuits {
namespace {

using ckks::Ciphertext;
using ckks::testing::Complexes;
using ckks::testing::ParameterSet;
using ckks::testing::Party;
using ckks::testing::random_complex;
using ckks::testing::random_reals;

Diagonals random_diagonals(const std::vector<std::int64_t>& offsets, std::size_t slots) {
  Diagonals result;
  for (const auto d : offsets) result[d] = random_reals(slots, 1000 + static_cast<std::uint64_t>(d));
  return result;
}

std::vector<std::int64_t> offsets_of(const Diagonals& diagonals) {
  std::vector<std::int64_t> offsets;
  for (const auto& [d, values] : diagonals) offsets.push_back(d);
  return offsets;
}

Complexes product(const Diagonals& diagonals, const Complexes& x) {
  Complexes y(x.size());
  for (const auto& [d, values] : diagonals) {
    for (std::size_t i = 0; i < x.size(); ++i) y[i] += values[i] * x[(i + static_cast<std::size_t>(d)) % x.size()];
  }
  return y;
}

class LinearTransformOn : public ::testing::TestWithParam<ParameterSet> {
 protected:
  LinearTransformOn() : party(GetParam().context()), context(*party.context) {}

  ckks::Evaluator server_for(const LinearPlan& plan) const {
    ckks::KeyRequest request;
    request_keys(plan, limbs, context.degree(), request);
    return party.server(request);
  }

  /// The fresh noise and the matrix's rounding in every diagonal, a key switch in every step.
  double most(const LinearPlan& plan, double matrix_scale) const {
    using namespace ckks::testing;
    const double terms = static_cast<double>(plan.terms.size());
    const double steps = static_cast<double>(plan.giants.size() + 1);
    return terms * (bound(context, fresh_variance() + key_switch_variance(context, limbs), scale) +
                    bound(context, 1.0 / 12, matrix_scale)) +
           steps * bound(context, key_switch_variance(context, limbs), scale * matrix_scale);
  }

  void expect(const Diagonals& diagonals, const LinearPlan& plan) const {
    const ckks::Evaluator server = server_for(plan);
    const LinearTransform transform(party.encoder, context, diagonals, plan, scale, limbs);
    const Complexes x = random_complex(context.slots(), 17);
    const Ciphertext input = party.encrypt(x, scale, limbs);
    const Ciphertext y = transform.apply(server, input);
    EXPECT_EQ(y.scale, scale * scale);
    EXPECT_EQ(y.limbs(), limbs);
    EXPECT_EQ(y.parts.size(), 2u);
    EXPECT_LT(ckks::testing::largest_error(product(diagonals, x), party.decrypt(y)), most(plan, scale));
    // Threads share the rows; they do not change a bit.
    ThreadPool two(2);
    EXPECT_EQ(LinearTransform(party.encoder, context, diagonals, plan, scale, limbs, &two).apply(server, input, &two),
              y);
  }

  /// The cheapest plan under the model, and those that dear giants and dear babies force.
  void expect_all_plans(const std::vector<std::int64_t>& offsets) const {
    const Diagonals diagonals = random_diagonals(offsets, context.slots());
    StepCosts wide = step_costs(context, limbs), narrow = wide;
    wide.mod_down *= 1000;
    narrow.mod_down = 0, narrow.decompose = 0;
    for (const StepCosts& costs : {step_costs(context, limbs), wide, narrow}) {
      const LinearPlan plan = plan_linear(offsets_of(diagonals), context.slots(), costs);
      SCOPED_TRACE(::testing::Message() << plan.babies.size() << " babies, " << plan.giants.size() << " giants");
      expect(diagonals, plan);
    }
  }

  const double scale = GetParam().scale;
  const Party party;
  const ckks::Context& context;
  const std::size_t limbs = context.max_limbs();
};

TEST_P(LinearTransformOn, OneDiagonal) {
  expect_all_plans({0});
  expect_all_plans({1});
  expect_all_plans({static_cast<std::int64_t>(context.slots()) - 1});
}

TEST_P(LinearTransformOn, SparseDiagonalsWithWrapAround) {
  const auto n = static_cast<std::int64_t>(context.slots());
  expect_all_plans({0, 3, 5, 28, 29, 31, n / 2, n - 30, n - 2, n - 1});
  std::mt19937_64 engine(23);
  std::vector<std::int64_t> offsets;
  for (int i = 0; i < 9; ++i) offsets.push_back(static_cast<std::int64_t>(engine()) & (n - 1));
  expect_all_plans(offsets);
}

TEST_P(LinearTransformOn, DenseBlock) {
  std::vector<std::int64_t> offsets(20);
  std::iota(offsets.begin(), offsets.end(), 0);
  expect_all_plans(offsets);
}

INSTANTIATE_TEST_SUITE_P(
    Parameters, LinearTransformOn,
    ::testing::Values(ParameterSet{"OneSpecial", 10, {45, 40, 40}, {45}, 1, 0x1p40},
                      ParameterSet{"Pairs", 10, {26, 26, 26, 26, 26}, {50}, 2, 0x1p26},
                      ParameterSet{"TriplesUnderThree", 10, {45, 40, 40, 40, 40}, {42, 42, 42}, 3, 0x1p40},
                      ParameterSet{"SomeOfFive", 10, {45, 40, 40}, {45, 45, 45, 45, 45}, 5, 0x1p40},
                      ParameterSet{"LargePrimes", 10, {60, 58, 58}, {60}, 1, 0x1p56}),
    [](const auto& name) { return name.param.name; });

class LinearTransformErrors : public ::testing::Test {
 protected:
  LinearTransformErrors() {
    ckks::KeyRequest request;
    request_keys(plan, 2, context.degree(), request);
    server = party.server(request);
  }
  const Party party{ckks::testing::small_context(10, {45, 40, 40}, {45})};
  const ckks::Context& context = *party.context;
  const Diagonals diagonals = random_diagonals({0, 1, 2, 9}, context.slots());
  const LinearPlan plan = plan_linear(offsets_of(diagonals), context.slots(), step_costs(context, 2));
  const LinearTransform transform{party.encoder, context, diagonals, plan, 0x1p30, 2};
  ckks::Evaluator server{party.context};
  const Complexes x = random_complex(context.slots(), 1);
};

TEST_F(LinearTransformErrors, LevelAndParts) {
  EXPECT_NO_THROW(transform.apply(server, party.encrypt(x, 0x1p40, 2)));
  EXPECT_THROW(transform.apply(server, party.encrypt(x, 0x1p40, 3)), MismatchError);
  EXPECT_THROW(transform.apply(server, party.encrypt(x, 0x1p40, 1)), MismatchError);
  EXPECT_THROW(transform.apply(server, server.square(party.encrypt(x, 0x1p40, 2))), MismatchError);
  EXPECT_THROW(transform.apply(server, Ciphertext{}), MismatchError);
}

TEST_F(LinearTransformErrors, MissingKeys) {
  const Ciphertext input = party.encrypt(x, 0x1p40, 2);
  EXPECT_THROW(transform.apply(ckks::Evaluator(party.context), input), MismatchError);
  EXPECT_THROW(transform.apply(party.server({1}, false), input), MismatchError);
  ckks::KeyRequest shallow;  // keys of a lower level
  request_keys(plan, 1, context.degree(), shallow);
  EXPECT_THROW(transform.apply(party.server(shallow), input), MismatchError);
}

TEST_F(LinearTransformErrors, ContextsMustAgree) {
  // The same degree and levels, other primes.
  const Party other{ckks::testing::small_context(10, {45, 40, 40, 40}, {45})};
  ckks::KeyRequest request;
  request_keys(plan, 2, context.degree(), request);
  EXPECT_THROW(transform.apply(other.server(request), other.encrypt(x, 0x1p40, 2)), MismatchError);
  EXPECT_THROW(LinearTransform(other.encoder, context, diagonals, plan, 0x1p30, 2), MismatchError);
  EXPECT_THROW(LinearTransform(party.encoder, context, diagonals, plan, 0x1p30, 4), ParameterError);
}

TEST_F(LinearTransformErrors, DiagonalsMustMatchThePlan) {
  const auto make = [&](const Diagonals& bad) { LinearTransform(party.encoder, context, bad, plan, 0x1p30, 2); };
  EXPECT_NO_THROW(make(diagonals));
  EXPECT_THROW(make(random_diagonals({0, 1, 2}, context.slots())), ParameterError);
  EXPECT_THROW(make(random_diagonals({0, 1, 2, 8}, context.slots())), ParameterError);
  EXPECT_THROW(make(random_diagonals({0, 1, 2, 9}, context.slots() / 2)), ParameterError);
}

TEST_F(LinearTransformErrors, ZeroOffsetNeedsNoKey) {
  const Diagonals only{{0, random_reals(context.slots(), 4)}};
  const LinearPlan scaling = plan_linear({0}, context.slots(), step_costs(context, 3));
  ckks::KeyRequest request;
  request_keys(scaling, 3, context.degree(), request);
  EXPECT_TRUE(request.galois.empty());
  const LinearTransform diagonal(party.encoder, context, only, scaling, 0x1p30, 3);
  const Ciphertext y = diagonal.apply(ckks::Evaluator(party.context), party.encrypt(x, 0x1p40, 3));
  EXPECT_LT(ckks::testing::largest_error(product(only, x), party.decrypt(y)), 1e-6);
}

}  // namespace
}  // namespace obscura::circuits
