#include "circuits/block_transform.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

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

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::vector<double> diagonal_of(const BlockOffset& d, std::size_t slots) {
  return random_reals(slots, 1 + static_cast<std::uint64_t>(d.offset) + 100000 * d.output + 10000000 * d.input);
}

void fill_diagonal(const BlockOffset& d, std::span<double> values) {
  const auto from = diagonal_of(d, values.size());
  std::copy(from.begin(), from.end(), values.begin());
}

/// Neighbouring offsets around zero and some anywhere, in every block; output 0 lacks the last input's if there are
/// two.
std::vector<BlockOffset> random_offsets(std::size_t outputs, std::size_t inputs, std::size_t slots) {
  std::mt19937_64 engine(outputs * 10 + inputs);
  std::vector<BlockOffset> result;
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < inputs; ++i) {
      if (o == 0 && i + 1 == inputs && inputs > 1 && outputs > 1) continue;
      std::set<std::int64_t> chosen{0, 1, 2, 33, 34, 65, static_cast<std::int64_t>(slots) - 32};
      while (chosen.size() < 13) chosen.insert(static_cast<std::int64_t>(engine() % slots));
      for (const auto d : chosen) result.push_back({o, i, d});
    }
  }
  return result;
}

/// As many blocks as the diagonals mention.
BlockCounts counts_of(const std::vector<BlockOffset>& offsets) {
  BlockCounts counts;
  for (const auto& d : offsets) {
    counts = {std::max(counts.outputs, d.output + 1), std::max(counts.inputs, d.input + 1)};
  }
  return counts;
}

using Blocks = std::vector<Complexes>;

Blocks product(const std::vector<BlockOffset>& offsets, std::size_t outputs, const Blocks& x) {
  const std::size_t n = x.front().size();
  Blocks y(outputs, Complexes(n));
  for (const BlockOffset& d : offsets) {
    const auto values = diagonal_of(d, n);
    for (std::size_t s = 0; s < n; ++s) {
      y[d.output][s] += values[s] * x[d.input][(s + static_cast<std::size_t>(d.offset)) % n];
    }
  }
  return y;
}

class BlockTransformOn : public ::testing::TestWithParam<ParameterSet> {
 protected:
  BlockTransformOn() : party(GetParam().context()), context(*party.context) {}

  /// Inputs of different scales whose product with the matrix has one.
  std::vector<Ciphertext> encrypted(const Blocks& x) const {
    std::vector<Ciphertext> result;
    for (std::size_t i = 0; i < x.size(); ++i) {
      result.push_back(party.encrypt(x[i], scale * std::exp2(static_cast<double>(i)), limbs));
    }
    return result;
  }
  std::vector<double> scales(std::size_t inputs) const {
    std::vector<double> result;
    for (std::size_t i = 0; i < inputs; ++i) result.push_back(scale / std::exp2(static_cast<double>(i)));
    return result;
  }

  double most(const BlockPlan& plan) const {
    using namespace ckks::testing;
    const double terms = static_cast<double>(plan.terms.size()), giants = static_cast<double>(plan.giants.size());
    return terms * (bound(context, fresh_variance() + key_switch_variance(context, limbs), scale) +
                    bound(context, 1.0 / 12, scale / 4)) +
           giants * bound(context, key_switch_variance(context, limbs), scale * scale);
  }

  void expect(const std::vector<BlockOffset>& offsets, const StepCosts& costs) const {
    expect(offsets, counts_of(offsets), costs);
  }
  void expect(const std::vector<BlockOffset>& offsets, const BlockCounts& counts, const StepCosts& costs) const {
    const BlockPlan plan = plan_blocks(offsets, counts, context.slots(), costs);
    SCOPED_TRACE(::testing::Message() << plan.babies.size() << " babies, " << plan.giants.size() << " giants");
    ckks::KeyRequest request;
    request_keys(plan, limbs, context.degree(), request);
    EXPECT_EQ(request.galois.size(), plan.rotations().size());
    const ckks::Evaluator server = party.server(request);
    std::vector<Blocks> plain(2);
    std::vector<std::vector<Ciphertext>> images;
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t i = 0; i < plan.inputs; ++i) plain[k].push_back(random_complex(context.slots(), 7 * k + i));
      images.push_back(encrypted(plain[k]));
    }
    const auto make = [&](std::size_t budget, ThreadPool* pool = nullptr) {
      return BlockTransform(party.encoder, context, plan, fill_diagonal, scales(plan.inputs), limbs, budget, pool);
    };
    const BlockTransform lean = make(0);
    const auto results = lean.apply(server, images);
    ASSERT_EQ(results.size(), 2u);
    for (std::size_t k = 0; k < 2; ++k) {
      const Blocks y = product(offsets, plan.outputs, plain[k]);
      ASSERT_EQ(results[k].size(), plan.outputs);
      for (std::size_t o = 0; o < plan.outputs; ++o) {
        EXPECT_EQ(results[k][o].scale, images[k][0].scale * scale);
        EXPECT_EQ(results[k][o].limbs(), limbs);
        EXPECT_LT(ckks::testing::largest_error(y[o], party.decrypt(results[k][o])), most(plan));
      }
    }
    // Neither company nor threads nor memory change a bit.
    ThreadPool two(2);
    EXPECT_EQ(lean.apply(server, std::span(images).first(1)).front(), results.front());
    EXPECT_EQ(make(0, &two).apply(server, images, &two), results);
    const BlockTransform rich = make(kAll);
    EXPECT_EQ(rich.apply(server, images, &two), results);
    const std::size_t half = rich.memory_bytes() / 2;
    const BlockTransform middling = make(half);
    EXPECT_LE(middling.memory_bytes(), half + lean.memory_bytes());
    EXPECT_EQ(middling.apply(server, images), results);
  }

  const double scale = GetParam().scale;
  const Party party;
  const ckks::Context& context;
  const std::size_t limbs = context.max_limbs() - 1;
};

TEST_P(BlockTransformOn, RandomBlocks) {
  for (const std::size_t outputs : {1, 2, 3}) {
    for (const std::size_t inputs : {1, 3}) {
      SCOPED_TRACE(::testing::Message() << outputs << " x " << inputs);
      expect(random_offsets(outputs, inputs, context.slots()), step_costs(context, limbs));
    }
  }
}

TEST_P(BlockTransformOn, EveryShapeOfPlan) {
  StepCosts dear_giants = step_costs(context, limbs), dear_babies = dear_giants;
  dear_giants.decompose *= 1000;
  dear_babies.decompose = 0, dear_babies.mod_down = 1e6;
  for (const StepCosts& costs : {dear_giants, dear_babies}) expect(random_offsets(2, 2, context.slots()), costs);
}

TEST_P(BlockTransformOn, FewDiagonals) {
  const auto n = static_cast<std::int64_t>(context.slots());
  for (const std::int64_t d : {std::int64_t{0}, std::int64_t{1}, n / 2, n - 1}) {
    expect({{0, 0, d}}, step_costs(context, limbs));
  }
  expect({{0, 0, 0}, {1, 1, 0}, {1, 0, n / 2}, {0, 0, n / 2 + 1}}, step_costs(context, limbs));
}

/// Outputs that no diagonal leads to are zero, inputs that nothing reads are taken along.
TEST_P(BlockTransformOn, BlocksWithoutDiagonals) {
  expect({{1, 1, 3}, {1, 1, 4}, {3, 0, 500}}, {5, 3}, step_costs(context, limbs));
}

// At scales of 2^26 coefficients have 32 bits (48-bit primes are far larger), at 2^40 they have not.
INSTANTIATE_TEST_SUITE_P(Parameters, BlockTransformOn,
                         ::testing::Values(ParameterSet{"Narrow", 10, {48, 48, 48}, {49}, 1, 0x1p26},
                                           ParameterSet{"Wide", 10, {49, 45, 45, 45}, {46, 46}, 2, 0x1p40},
                                           ParameterSet{"SmallPrimes", 11, {26, 26, 26, 26, 26}, {50}, 2, 0x1p24},
                                           ParameterSet{
                                               "SomeOfFive", 10, {45, 40, 40}, {45, 45, 45, 45, 45}, 5, 0x1p40},
                                           ParameterSet{"LargePrimes", 10, {60, 58, 58}, {60}, 1, 0x1p50}),
                         [](const auto& name) { return name.param.name; });

class BlockTransformErrors : public ::testing::Test {
 protected:
  BlockTransformErrors() {
    ckks::KeyRequest request;
    request_keys(plan, 2, context.degree(), request);
    server = party.server(request);
  }
  BlockTransform make(const BlockPlan& with, std::vector<double> scales, std::size_t limbs = 2) const {
    return {party.encoder, context, with, fill_diagonal, std::move(scales), limbs, 0};
  }
  using Inputs = std::vector<Ciphertext>;
  auto apply(const Inputs& inputs) const { return transform.apply(server, std::vector<Inputs>(1, inputs)); }

  const Party party{ckks::testing::small_context(10, {45, 40, 40}, {45})};
  const ckks::Context& context = *party.context;
  const std::vector<BlockOffset> offsets{{0, 0, 0}, {0, 1, 1}, {1, 0, 9}, {1, 1, 500}};
  const BlockPlan plan = plan_blocks(offsets, {2, 2}, context.slots(), step_costs(context, 2));
  const BlockTransform transform = make(plan, {0x1p20, 0x1p21});
  ckks::Evaluator server{party.context};
  const Complexes x = random_complex(context.slots(), 1);
  const Ciphertext a = party.encrypt(x, 0x1p30, 2), b = party.encrypt(x, 0x1p29, 2);
};

TEST_F(BlockTransformErrors, CountLevelScaleAndParts) {
  EXPECT_NO_THROW(apply({a, b}));
  EXPECT_TRUE(transform.apply(server, {}).empty());
  EXPECT_THROW(apply({a}), MismatchError);
  EXPECT_THROW(apply({a, b, b}), MismatchError);
  EXPECT_THROW(apply({a, a}), MismatchError);
  EXPECT_THROW(apply({a, party.encrypt(x, 0x1p29, 3)}), MismatchError);
  EXPECT_THROW(apply({a, party.encrypt(x, 0x1p29, 1)}), MismatchError);
  Ciphertext three = server.square(party.encrypt(x, 0x1p15, 2));
  three.scale = 0x1p29;
  EXPECT_THROW(apply({a, three}), MismatchError);
  EXPECT_THROW(apply({a, Ciphertext{}}), MismatchError);
}

TEST_F(BlockTransformErrors, MissingKeys) {
  const std::vector<Inputs> images{{a, b}};
  EXPECT_THROW(transform.apply(ckks::Evaluator(party.context), images), MismatchError);
  ckks::KeyRequest shallow;
  request_keys(plan, 1, context.degree(), shallow);
  EXPECT_THROW(transform.apply(party.server(shallow), images), MismatchError);
}

TEST_F(BlockTransformErrors, ContextsMustAgree) {
  // The same degree and levels, other primes.
  const Party other{ckks::testing::small_context(10, {45, 40, 40, 40}, {45})};
  ckks::KeyRequest request;
  request_keys(plan, 2, context.degree(), request);
  const std::vector<Inputs> images{{other.encrypt(x, 0x1p30, 2), other.encrypt(x, 0x1p29, 2)}};
  EXPECT_THROW(transform.apply(other.server(request), images), MismatchError);
  EXPECT_THROW(BlockTransform(other.encoder, context, plan, fill_diagonal, {0x1p20, 0x1p21}, 2, 0), MismatchError);
}

TEST_F(BlockTransformErrors, PlansScalesAndLevels) {
  EXPECT_NO_THROW(make(plan, {1024, 1024}));
  EXPECT_THROW(make(plan, {1024}), ParameterError);
  EXPECT_THROW(make(plan, {1024, 0}), ParameterError);
  EXPECT_THROW(make(plan, {1024, 1024}, 0), ParameterError);
  EXPECT_THROW(make(plan, {1024, 1024}, 4), ParameterError);
  EXPECT_THROW(make(plan, {0x1p50, 0x1p50}, 1), ParameterError);  // over the first prime
  EXPECT_THROW(make({}, {1024}), ParameterError);
  const auto changed = [&](auto&& change) {
    BlockPlan bad = plan;
    change(bad);
    EXPECT_THROW(make(bad, {1024, 1024}), ParameterError);
  };
  changed([](BlockPlan& p) { p.outputs = 1; });
  changed([](BlockPlan& p) { p.terms[0].offset += 1; });
  changed([](BlockPlan& p) { p.terms[0].giant = p.giants.size(); });
  changed([](BlockPlan& p) { p.terms[0].input = 2; });
  changed([](BlockPlan& p) { std::swap(p.terms.front(), p.terms.back()); });
  changed([](BlockPlan& p) { p.terms.push_back(p.terms.back()); });
}

TEST_F(BlockTransformErrors, ZeroOffsetsNeedNoKey) {
  const std::vector<BlockOffset> zero{{0, 0, 0}, {0, 1, 0}};
  const BlockPlan scaling = plan_blocks(zero, {1, 2}, context.slots(), step_costs(context, 2));
  EXPECT_TRUE(scaling.rotations().empty());
  const BlockTransform diagonal = make(scaling, {0x1p20, 0x1p21});
  const auto y = diagonal.apply(ckks::Evaluator(party.context), std::vector<Inputs>{{a, b}});
  EXPECT_LT(ckks::testing::largest_error(product(zero, 1, {x, x}).front(), party.decrypt(y.front().front())), 1e-3);
}

}  // namespace
}  // namespace obscura::circuits
