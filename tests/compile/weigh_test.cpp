#include "compile/weigh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/packed.h"
#include "compile/packed_keys.h"
#include "compile/size_cases.h"

namespace obscura::compile {
namespace {

using ::testing::HasSubstr;

Sizes bytes(double keys, double server) {
  Sizes s;
  s.keys = keys;
  s.server = server;
  return s;
}

Program compiled(const nn::Graph& graph, const Budget& budget = {}) {
  CompileOptions options;
  options.budget = budget;
  return compile(graph, options);
}

TEST(Weight, ThreeTimesTheKeysAreNotTakenForATenthOfTheTime) {
  EXPECT_GT(weight_of(90, bytes(1.2e9, 3e9)), weight_of(100, bytes(0.4e9, 3e9)));
  EXPECT_LT(weight_of(70, bytes(1.2e9, 3e9)), weight_of(100, bytes(0.4e9, 3e9)));
}

TEST(Weight, FewKeysWeighLittle) {
  EXPECT_LT(weight_of(90, bytes(12e6, 50e6)), weight_of(100, bytes(4e6, 50e6)));
}

TEST(Weight, MemoryWeighs) {
  EXPECT_GT(weight_of(90, bytes(1e8, 8e9)), weight_of(100, bytes(1e8, 2e9)));
}

TEST(Budget, HoldsWhatIsNotOver) {
  EXPECT_TRUE((Budget{}.holds(bytes(1e12, 1e12))));
  EXPECT_TRUE((Budget{10, 20}.holds(bytes(10, 20))));
  EXPECT_FALSE((Budget{10, 20}.holds(bytes(11, 20))));
  EXPECT_FALSE((Budget{10, 20}.holds(bytes(10, 21))));
  EXPECT_TRUE((Budget{0, 20}.holds(bytes(11, 20))));
}

/// Over random networks: a plan within the budget or a refusal that says what is least, and nothing else.
TEST(Budget, IsKeptOrRefusedWithTheLeast) {
  std::size_t kept = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto drawn = testing::size_case(seed, 1e4);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
    const Sizes free = sizes(compiled(drawn.graph));
    for (const double part : {0.8, 0.2}) {
      const Budget budget = seed % 2 == 0 ? Budget{part * free.keys, 0} : Budget{0, part * free.server};
      try {
        EXPECT_TRUE(budget.holds(sizes(compiled(drawn.graph, budget))));
        ++kept;
      } catch (const UnsupportedError& e) {
        EXPECT_THAT(e.what(), HasSubstr("the fewest keys that were found are"));
        EXPECT_THAT(e.what(), HasSubstr("the least memory"));
        EXPECT_THAT(e.what(), HasSubstr(budget.keys > 0 ? "MB of keys" : "MB of memory"));
        ++refused;
      }
    }
  }
  EXPECT_GT(kept, 0u);
  EXPECT_GT(refused, 0u);
}

TEST(Budget, ThatDecidesIsSaid) {
  const nn::Graph graph = networks::tutorial(1);
  const Sizes free = sizes(compiled(graph));
  const auto tight = compiled(graph, {0.8 * free.keys, 0});
  EXPECT_LE(sizes(tight).keys, 0.8 * free.keys);
  EXPECT_THAT(tight.schedule.reasons.back(), HasSubstr("the budget decided, without it"));
  const auto wide = compiled(graph, {2 * free.keys, 0});
  EXPECT_EQ(wide.schedule.reasons.back().find("the budget decided"), std::string::npos);
  EXPECT_EQ(wide.client.keys.galois, compiled(graph).client.keys.galois);
}

TEST(Budget, OfBatchedProgramsIsChecked) {
  CompileOptions options;
  options.mode = Mode::batched;
  options.budget = {1000, 0};
  EXPECT_THROW(compile(networks::dense(1, {1, 6, 6}, 8, 5), options), UnsupportedError);
  options.budget = {1e9, 1e12};
  EXPECT_NO_THROW(compile(networks::dense(1, {1, 6, 6}, 8, 5), options));
}

/// A dearer key never leads to more bytes of keys by much: what is shared is found in order, so that it may be a
/// little.
TEST(ReplanRotations, DearerKeysAreFewer) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto drawn = testing::size_case(seed, 1e4);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + drawn.text());
    Program program = compiled(drawn.graph);
    const auto context = ckks::Context::create(program.client.parameters);
    double cheap = 0, time = 0;
    for (const double price : {0.0, 1e6}) {
      replan_rotations(*context, price, program);
      program.client.keys = {};
      request_packed_keys(*context, program);
      const Sizes s = sizes(program);
      if (price == 0) {
        cheap = s.keys;
        time = program.microseconds;
      } else {
        EXPECT_LE(s.keys, cheap);
        EXPECT_GE(program.microseconds, time);
      }
    }
  }
}

TEST(ReplanRotations, KeepsDiagonals) {
  Program program = compiled(networks::tutorial(2));
  const auto context = ckks::Context::create(program.client.parameters);
  Program again = program;
  replan_rotations(*context, 3000, again);
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    EXPECT_EQ(program.packed[i].diagonals(), again.packed[i].diagonals());
    EXPECT_EQ(program.packed[i].output, again.packed[i].output);
  }
}

}  // namespace
}  // namespace obscura::compile
