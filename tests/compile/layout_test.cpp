#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "compile/networks.h"
#include "compile/packed_layout.h"
#include "nn/graphs.h"

namespace obscura::compile {
namespace {

using Slots = std::vector<double>;
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

/// What the packed runner does with a map, on numbers in the clear.
Slots run(const PackedMap& map, Slots x) {
  for (const auto step : map.spread) add_to(x, rotated(x, step));
  Slots y(x.size(), 0);
  for (const auto& [offset, diagonal] : map.diagonals) {
    EXPECT_GE(offset, 0);
    EXPECT_LT(offset, static_cast<std::int64_t>(x.size()));
    const Slots shifted = rotated(x, offset);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += diagonal[i] * shifted[i];
  }
  for (const auto& group : map.fold_groups) {
    const Slots before = y;
    for (const auto step : group) add_to(y, rotated(before, step));
  }
  for (const auto step : map.fold) add_to(y, rotated(y, step));
  add_to(y, map.bias);
  return y;
}

std::vector<bool> occupied(const Layout& layout, std::size_t slots) {
  std::vector<bool> taken(slots, false);
  for (const auto p : layout.position) {
    for (std::size_t s = p; s < slots; s += layout.period) taken[s] = true;
  }
  return taken;
}

/// Values in their slots; where the layout is not clean, noise that no map may read.
Slots laid_out(const Layout& layout, const std::vector<double>& values, std::size_t slots, Random& random) {
  const auto taken = occupied(layout, slots);
  Slots x(slots, 0);
  for (std::size_t s = 0; s < slots; ++s) {
    if (!layout.clean && !taken[s]) x[s] = random.floats(1, 1000)[0];
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t s = layout.position[i]; s < slots; s += layout.period) x[s] = values[i];
  }
  return x;
}

void expect_layout_holds(const PackedMap& map, const Slots& x, const std::vector<double>& expected, bool unfolded) {
  const Layout& out = map.output;
  ASSERT_EQ(out.position.size(), expected.size()) << map.layout;
  ASSERT_EQ(x.size() % out.period, 0u);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_LT(out.position[i], out.period);
    double sum = 0;
    for (std::size_t s = out.position[i]; s < x.size(); s += out.period) {
      sum += x[s];
      if (unfolded) continue;
      ASSERT_NEAR(x[s], expected[i], 1e-8) << map.layout << " element " << i << " slot " << s;
    }
    ASSERT_NEAR(sum * map.factor * static_cast<double>(out.period) / static_cast<double>(x.size()), expected[i], 1e-8)
        << map.layout << " element " << i;
  }
  if (!out.clean) return;
  const auto taken = occupied(out, x.size());
  for (std::size_t s = 0; s < x.size(); ++s) {
    ASSERT_TRUE(taken[s] || x[s] == 0) << map.layout << " slot " << s;
  }
}

struct Candidate {
  PackedMap map;
  bool unfolded;
};

std::vector<Candidate> candidates(const Stage& stage, const Layout& input, std::size_t slots) {
  std::vector<Candidate> all;
  const auto keep = [&](std::optional<PackedMap> map, bool unfolded) {
    if (map) all.push_back({std::move(*map), unfolded});
  };
  for (const bool split : {false, true}) keep(grid_map(stage, input, slots, split), false);
  for (const bool unfolded : {false, true}) {
    for (const std::size_t copies : {1u, 2u, 4u, 8u}) {
      keep(dense_map(stage, input, slots, unfolded, copies), unfolded);
    }
  }
  return all;
}

/// Every layout of every stage of a chain, each stage from every layout that the one before it may leave.
void expect_all_layouts(const std::vector<Stage>& stages, std::size_t i, const Layout& input,
                        const std::vector<double>& values, std::size_t slots, Random& random,
                        std::set<std::string>& seen) {
  if (i == stages.size()) return;
  const auto expected = stages[i].map.apply(values);
  for (const Candidate& c : candidates(stages[i], input, slots)) {
    expect_layout_holds(c.map, run(c.map, laid_out(input, values, slots, random)), expected, c.unfolded);
    if (::testing::Test::HasFatalFailure()) return;
    seen.insert(c.map.layout + (c.unfolded ? " unfolded" : ""));
    if (!c.unfolded) expect_all_layouts(stages, i + 1, c.map.output, expected, slots, random, seen);
  }
}

std::set<std::string> check_network(const nn::Graph& graph, std::size_t slots, std::uint64_t seed) {
  Random random(seed);
  auto stages = stages_of(graph);
  const Layout image = image_layout(graph.input_shape(), slots);
  const auto pixels = random.floats(graph.input_shape().size(), 1);
  std::set<std::string> seen;
  expect_all_layouts(stages, 0, image, {pixels.begin(), pixels.end()}, slots, random, seen);
  return seen;
}

TEST(ImageLayout, RepeatsInPeriodsOfAPowerOfTwo) {
  const Layout layout = image_layout({3, 5, 7}, 512);
  EXPECT_EQ(layout.period, 128u);
  EXPECT_EQ(layout.position.size(), 105u);
  EXPECT_EQ(layout.position[104], 104u);
  EXPECT_EQ(layout.grid.at(0).origin, (std::vector<std::uint32_t>{0, 35, 70}));
  EXPECT_EQ(image_layout({1, 16, 16}, 256).period, 256u);
  EXPECT_TRUE(image_layout({1, 16, 17}, 256).position.empty());
}

TEST(PackedLayout, TutorialNetworkInEveryWay) {
  networks::Random random(1);
  const nn::Graph graph = networks::chain({1, 13, 13}, {{"conv", networks::conv(random, 1, 4, 4, 3, 0)},
                                                        {"square", nn::Square{}},
                                                        {"flatten", nn::Flatten{}},
                                                        {"fc1", networks::linear(random, 64, 20)},
                                                        {"square2", nn::Square{}},
                                                        {"fc2", networks::linear(random, 20, 10)}});
  const auto seen = check_network(graph, 1024, 2);
  for (const char* name : {"grid", "grid/9", "dense", "dense/2", "dense/8", "dense unfolded", "dense/4 unfolded"}) {
    EXPECT_TRUE(seen.contains(name)) << name;
  }
}

/// Convolutions with channels, strides, paddings, groups and pools behind one another, then a dense layer.
nn::Graph random_network(std::uint64_t seed) {
  Random random(seed);
  nn::Graph graph = nn::make_graph("random", {random.size(1, 3), random.size(5, 8), random.size(5, 8)});
  const auto add = [&](const char* name, nn::Layer layer) {
    nn::add_node(graph, name + std::to_string(graph.nodes.size()), std::move(layer), {graph.nodes.size() - 1});
  };
  for (int block = 0; block < 2; ++block) {
    const std::size_t in = graph.output_shape().channels;
    nn::Conv2d conv = nn::testing::make_conv(random, in, random.size(1, 4), random.size(1, 3), random.size(1, 3));
    conv.stride = {random.size(1, 2), random.size(1, 2)};
    for (auto& p : conv.padding) p = random.size(1, 2);
    if (random.coin()) conv.dilation = {1, 2};
    add("conv", conv);
    if (block == 0 && random.coin()) add("pool", nn::AvgPool{{2, 2}, {1, 2}, {0, 1, 1, 0}, random.coin()});
    add("square", nn::Square{});
  }
  add("flatten", nn::Flatten{});
  add("fc", nn::testing::make_linear(random, graph.output_shape().size(), random.size(1, 40)));
  return graph;
}

TEST(PackedLayout, RandomNetworksInEveryWay) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    seen.merge(check_network(random_network(seed), seed % 2 == 0 ? 256 : 512, seed));
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
  EXPECT_TRUE(seen.contains("grid/4"));
}

TEST(PackedLayout, MoreOutputsThanInputsAndTheOtherWayRound) {
  for (const auto& [inputs, outputs] : {std::pair{4u, 100u}, {100u, 3u}, {1u, 1u}, {1u, 64u}, {128u, 1u}}) {
    networks::Random random(inputs);
    check_network(networks::chain({inputs, 1, 1}, {{"fc", networks::linear(random, inputs, outputs)}}), 128, 3);
    ASSERT_FALSE(HasFatalFailure()) << inputs << " to " << outputs;
  }
}

TEST(PackedLayout, WhatDoesNotFitHasNone) {
  networks::Random random(7);
  const auto dense = stages_of(networks::chain({4, 1, 1}, {{"fc", networks::linear(random, 4, 65)}}));
  const Layout four = image_layout({4, 1, 1}, 64);
  for (const std::size_t copies : {1u, 2u, 4u}) EXPECT_FALSE(dense_map(dense[0], four, 64, false, copies));
  const auto conv = stages_of(networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 5, 3, 2, 1)}}));
  const Layout image = image_layout({1, 8, 8}, 64);
  EXPECT_FALSE(grid_map(conv[0], image, 64, false)) << "five channels do not fit the four slots of a gap";
  EXPECT_FALSE(grid_map(conv[0], image, 64, true));
  EXPECT_TRUE(grid_map(conv[0], image_layout({1, 8, 8}, 128), 128, false));
  Layout dirty = image;
  dirty.clean = false;
  EXPECT_FALSE(dense_map(conv[0], dirty, 64, false, 2)) << "copies would meet left-over sums";
}

}  // namespace
}  // namespace obscura::compile
