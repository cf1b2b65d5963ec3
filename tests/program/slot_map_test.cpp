#include "program/slot_map.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "compile/names.h"
#include "compile/networks.h"
#include "compile/packed_windows.h"
#include "compile/stages.h"
#include "nn/graphs.h"
#include "support/random_graph.h"

namespace obscura::compile {
namespace {

using Slots = std::vector<double>;
using Tensor = std::vector<Slots>;  // ciphertext by ciphertext
using nn::testing::Random;

Slots rotated(const Slots& x, std::int64_t step) {
  const auto n = static_cast<std::int64_t>(x.size());
  Slots y(x.size());
  for (std::int64_t i = 0; i < n; ++i)
    y[static_cast<std::size_t>(i)] = x[static_cast<std::size_t>(((i + step) % n + n) % n)];
  return y;
}

void add_to(Slots& sum, const Slots& x) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += x[i];
}

/// What the packed runner does with a stage, on numbers in the clear.
Tensor run(const Stage& stage, const Placement& placement, const std::vector<Tensor>& terms) {
  const SlotMap map(stage, placement);
  Tensor inputs;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    for (Slots x : terms[k]) {
      for (const auto step : map.spread(k)) add_to(x, rotated(x, step));
      inputs.push_back(std::move(x));
    }
  }
  EXPECT_EQ(inputs.size(), map.inputs());
  const auto entries = map.entries();
  EXPECT_EQ(entries.offsets, map.offsets(std::size_t{1} << 40));
  const auto patterns = program::patterns_of(stage);
  EXPECT_EQ(entries.offsets, map.offsets(std::size_t{1} << 40, &patterns));
  Tensor y(map.outputs(), Slots(placement.slots, 0));
  Slots diagonal(placement.slots);
  for (const auto& offset : entries.offsets) {
    entries.fill(offset, diagonal);
    const Slots shifted = rotated(inputs.at(offset.input), offset.offset);
    for (std::size_t i = 0; i < diagonal.size(); ++i) y.at(offset.output)[i] += diagonal[i] * shifted[i];
  }
  const auto bias = map.bias();
  for (std::size_t o = 0; o < y.size(); ++o) {
    for (const auto step : map.fold()) add_to(y[o], rotated(y[o], step));
    add_to(y[o], bias[o]);
  }
  return y;
}

Tensor laid_out(const Layout& layout, const std::vector<double>& values, std::size_t slots, Random& random) {
  std::vector<bool> taken(layout.ciphertexts(slots) * slots, false);
  Tensor x(layout.ciphertexts(slots), Slots(slots, 0));
  const auto place = [&](std::size_t position, double value) {
    const std::size_t first = position / slots * slots;
    for (std::size_t s = position % slots; s < slots; s += std::min(layout.period, slots)) {
      x[first / slots][s] = value;
      taken[first + s] = true;
    }
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const std::uint32_t at : layout.places_of(i)) place(at, values[i]);
  }
  // Where the layout is not clean, noise that no map may read.
  for (std::size_t s = 0; s < taken.size() && !layout.clean; ++s) {
    if (!taken[s]) x[s / slots][s % slots] = random.floats(1, 1000)[0];
  }
  return x;
}

void expect_holds(const Placement& placement, const Tensor& y, const std::vector<double>& expected, double factor) {
  const Layout& out = *placement.output;
  const std::size_t slots = placement.slots, period = std::min(out.period, slots);
  std::vector<bool> taken(y.size() * slots, false);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Slots& x = y[out.position[i] / slots];
    double sum = 0;
    for (std::size_t s = out.position[i] % slots; s < slots; s += period) {
      taken[out.position[i] / slots * slots + s] = true;
      sum += x[s];
      if (placement.unfolded) continue;
      ASSERT_NEAR(x[s], expected[i], 1e-8) << "element " << i << " slot " << s;
    }
    ASSERT_NEAR(sum * factor * static_cast<double>(period) / static_cast<double>(slots), expected[i], 1e-8);
  }
  for (std::size_t s = 0; s < taken.size() && !placement.unfolded && out.gap == 1; ++s) {
    ASSERT_TRUE(taken[s] || y[s / slots][s % slots] == 0) << "left-over sum in slot " << s;
  }
}

/// Layouts that a stage's output may take.
std::vector<Layout> outputs(const Stage& stage, const std::vector<const Layout*>& inputs, std::size_t slots) {
  std::vector<Layout> result{dense_layout(stage.output.size(), slots)};
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k]->grid) continue;
    for (Layout& layout : grid_layouts(*inputs[k]->grid, stage.terms[k].stride, stage.output, slots)) {
      result.push_back(std::move(layout));
    }
  }
  if (2 * std::bit_ceil(stage.output.size()) <= slots) result.push_back(gapped_layout(stage.output.size(), slots));
  return result;
}

/// Every stage of a network, from a random choice among the layouts that its inputs can have, into every layout.
void check_network(const nn::Graph& graph, std::size_t slots, std::uint64_t seed) {
  Random random(seed);
  const auto stages = stages_of(graph);
  const auto pixels = random.floats(graph.input_shape().size(), 1);
  std::vector<std::vector<double>> values{{pixels.begin(), pixels.end()}};
  std::vector<Layout> layouts{image_layout(graph.input_shape(), slots, graph.input_shape().height % 2 == 0 ? 1 : 0)};
  auto windows = window_layouts(stages.front(), slots, 8 * slots);
  if (windows && seed % 2 == 0) layouts.front() = windows->input;
  for (const Stage& stage : stages) {
    std::vector<double> expected;
    const auto next = run_stage(stage, values, &expected);
    std::vector<const Layout*> inputs;
    std::vector<Tensor> terms;
    for (const Term& term : stage.terms) {
      inputs.push_back(&layouts[term.value]);
      terms.push_back(laid_out(layouts[term.value], values[term.value], slots, random));
    }
    auto candidates = outputs(stage, inputs, slots);
    if (layouts.size() == 1 && layouts.front().windows) candidates.push_back(windows->output);
    for (Layout& layout : candidates) {
      for (const bool unfolded : {false, true}) {
        for (const std::size_t copies : {1u, 2u, 4u}) {
          Placement placement{{}, &layout, unfolded, slots};
          for (const Layout* input : inputs) placement.inputs.push_back({input, copies});
          const SlotMap map(stage, placement);
          if (!map.possible()) continue;
          expect_holds(placement, run(stage, placement, terms), expected, map.factor());
          if (::testing::Test::HasFatalFailure()) return;
        }
      }
    }
    layouts.push_back(std::move(candidates[random.size(0, candidates.size() - 1)]));
    layouts.back().clean = random.coin();
    values.push_back(next);
  }
}

TEST(SlotMap, TutorialNetworkInEveryLayout) {
  networks::Random random(1);
  check_network(networks::chain({1, 13, 13}, {{"conv", networks::conv(random, 1, 4, 4, 3, 0)},
                                              {"square", nn::Square{}},
                                              {"flatten", nn::Flatten{}},
                                              {"fc1", networks::linear(random, 64, 20)},
                                              {"square2", nn::Square{}},
                                              {"fc2", networks::linear(random, 20, 10)}}),
                1024, 2);
}

TEST(SlotMap, RandomNetworksWithBranchesInEveryLayout) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    check_network(support::random_graph(seed), seed % 3 == 0 ? 128 : 512, seed);
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
}

/// Diagonals and sums of a stage between layouts.
std::pair<std::size_t, std::size_t> cost(const Stage& stage, const Layout& from, const Layout& to, std::size_t slots) {
  const SlotMap map(stage, {{{&from, 1}}, &to, false, slots});
  return {map.offsets(std::size_t{1} << 30).size(), map.fold().size()};
}

TEST(SlotMap, WindowsAndGapsTakeTheRotationsThatAreKnown) {
  // The tutorial network at 4,096 slots: windows of 49 pixels, 64 of them, are four channels in 4 diagonals and 4 sums
  // (49 x 4 products of 64 places among 4,096); 256 values by 64 in 4 diagonals and 6 sums.
  networks::Random random(9);
  const auto stages = stages_of(networks::chain({1, 28, 28}, {{"conv", networks::conv(random, 1, 4, 7, 3, 0)},
                                                              {"square", nn::Square{}},
                                                              {"flatten", nn::Flatten{}},
                                                              {"fc1", networks::linear(random, 256, 64)}}));
  const auto windows = window_layouts(stages[0], 4096, 4096);
  ASSERT_TRUE(windows);
  EXPECT_EQ(windows->input.windows->places.size(), 49u * 64);
  EXPECT_EQ(cost(stages[0], windows->input, windows->output, 4096), std::pair(std::size_t{4}, std::size_t{4}));
  EXPECT_EQ(cost(stages[1], windows->output, gapped_layout(64, 4096), 4096), std::pair(std::size_t{4}, std::size_t{6}));
  EXPECT_FALSE(window_layouts(stages[0], 4096, 48 * 64)) << "49 pixels do not fit";
  EXPECT_FALSE(window_layouts(stages[1], 4096, 1 << 20)) << "one result a channel has no windows side by side";
}

TEST(SlotMap, MoreOutputsThanInputsAndTheOtherWayRound) {
  for (const auto& [inputs, outputs] : {std::pair{4u, 100u}, {100u, 3u}, {1u, 1u}, {1u, 64u}, {200u, 1u}, {3u, 300u}}) {
    networks::Random random(inputs);
    check_network(networks::chain({inputs, 1, 1}, {{"fc", networks::linear(random, inputs, outputs)}}), 128, 3);
    ASSERT_FALSE(HasFatalFailure()) << inputs << " to " << outputs;
  }
}

TEST(SlotMap, CopiesNeedEmptySlots) {
  networks::Random random(7);
  const auto stages = stages_of(networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 5, 3, 2, 1)}}));
  Layout image = image_layout({1, 8, 8}, 64);
  const Layout output = dense_layout(80, 64);
  EXPECT_FALSE(SlotMap(stages[0], {{{&image, 2}}, &output, false, 64}).possible()) << "copies would meet the image";
  const Layout sparse{{0, 8, 16, 24}, 64, true};
  const auto dense = stages_of(networks::chain({4, 1, 1}, {{"fc", networks::linear(random, 4, 8)}}));
  const Layout eight = dense_layout(8, 64);
  EXPECT_TRUE(SlotMap(dense[0], {{{&sparse, 4}}, &eight, false, 64}).possible());
  const Layout dirty{{0, 8, 16, 24}, 64, false};
  EXPECT_FALSE(SlotMap(dense[0], {{{&dirty, 4}}, &eight, false, 64}).possible()) << "copies would add left-over sums";
}

TEST(SlotMap, GivesUpOnTooManyDiagonals) {
  networks::Random random(8);
  const auto stages = stages_of(networks::chain({40, 1, 1}, {{"fc", networks::linear(random, 40, 30)}}));
  const Layout input = dense_layout(40, 64), output = dense_layout(30, 64);
  const SlotMap map(stages[0], {{{&input, 1}}, &output, false, 64});
  EXPECT_TRUE(map.offsets(5).empty());
  EXPECT_EQ(map.offsets(1000).size(), 32u);
  const auto entries = map.entries();
  Slots diagonal(64);
  EXPECT_THROW(entries.fill({0, 1, 0}, diagonal), ParameterError);
}

}  // namespace
}  // namespace obscura::compile
