#include "compile/affine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "nn/graphs.h"
#include "nn/reference.h"

namespace obscura::compile {
namespace {

using nn::testing::Random;

std::vector<double> widened(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << "element " << i;
}

void expect_well_formed(const AffineMap& map) {
  ASSERT_EQ(map.rows.size(), map.bias.size());
  for (const auto& row : map.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      EXPECT_LT(row[i].column, map.columns);
      EXPECT_TRUE(i == 0 || row[i - 1].column < row[i].column);
    }
  }
}

/// A network of this one layer, run by its definition, against its map.
void expect_map_of(const Shape& input, nn::Layer layer, Random& random) {
  nn::Graph graph = nn::make_graph("one", input);
  nn::add_node(graph, "layer", std::move(layer), {0});
  const auto image = random.floats(input.size(), 1);
  const AffineMap map = affine_of(graph.nodes[1], input);
  EXPECT_EQ(map.columns, input.size());
  EXPECT_EQ(map.rows.size(), graph.output_shape().size());
  expect_well_formed(map);
  expect_near(map.apply(widened(image)), nn::run_reference(graph, image), 1e-9);
}

TEST(AffineOf, Convolutions) {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const std::size_t groups = random.size(1, 3);
    const Shape input{groups * random.size(1, 2), random.size(5, 9), random.size(5, 9)};
    nn::Conv2d conv = nn::testing::make_conv(random, input.channels, groups * random.size(1, 3), random.size(1, 3),
                                             random.size(1, 3), groups);
    conv.stride = {random.size(1, 3), random.size(1, 3)};
    conv.dilation = {random.size(1, 2), random.size(1, 2)};
    for (auto& p : conv.padding) p = random.size(0, 2);
    expect_map_of(input, conv, random);
  }
}

TEST(AffineOf, AveragePools) {
  Random random(2);
  for (int round = 0; round < 60; ++round) {
    nn::AvgPool pool{{random.size(2, 3), random.size(2, 3)}, {random.size(1, 3), random.size(1, 3)}, {}, false};
    for (auto& p : pool.padding) p = random.size(0, 1);
    pool.count_include_pad = round % 2 == 0;
    expect_map_of({random.size(1, 3), random.size(3, 8), random.size(3, 8)}, pool, random);
  }
  expect_map_of({3, 5, 4}, nn::AvgPool{{5, 4}, {1, 1}, {}, false}, random);
}

TEST(AffineOf, BatchNormFlattenAndLinear) {
  Random random(3);
  expect_map_of({3, 4, 5}, nn::BatchNorm{random.floats(3, 2), random.floats(3, 1)}, random);
  expect_map_of({7, 1, 1}, nn::BatchNorm{random.floats(7, 2), random.floats(7, 1)}, random);
  expect_map_of({2, 3, 4}, nn::Flatten{}, random);
  expect_map_of({12, 1, 1}, nn::testing::make_linear(random, 12, 7), random);
  expect_map_of({12, 1, 1}, nn::Linear{1, random.floats(12, 1), {}}, random);
}

TEST(AffineOf, RefusesActivationsByName) {
  const nn::Node node{"relu5", nn::Square{}, {0}, {3, 1, 1}};
  try {
    affine_of(node, {3, 1, 1});
    FAIL() << "a square is no linear map";
  } catch (const UnsupportedError& e) {
    EXPECT_NE(std::string(e.what()).find("relu5"), std::string::npos);
  }
}

AffineMap random_map(std::size_t rows, std::size_t columns, Random& random) {
  AffineMap map{columns, std::vector<AffineMap::Row>(rows), widened(random.floats(rows, 1))};
  for (auto& row : map.rows) {
    for (std::uint32_t c = 0; c < columns; ++c) {
      if (random.size(0, 2) == 0) row.push_back({c, random.floats(1, 1)[0]});
    }
  }
  return map;
}

TEST(Compose, IsOneAfterTheOther) {
  Random random(4);
  for (int round = 0; round < 50; ++round) {
    const std::size_t a = random.size(1, 12), b = random.size(1, 12), c = random.size(1, 12);
    const AffineMap first = random_map(b, a, random), second = random_map(c, b, random);
    const AffineMap both = compose(second, first);
    EXPECT_EQ(both.columns, a);
    expect_well_formed(both);
    const auto x = widened(random.floats(a, 1));
    expect_near(both.apply(x), second.apply(first.apply(x)), 1e-12);
  }
}

TEST(Compose, IsAssociativeAndDropsWhatCancels) {
  Random random(5);
  const AffineMap f = random_map(6, 5, random), g = random_map(7, 6, random), h = random_map(4, 7, random);
  const auto x = widened(random.floats(5, 1));
  expect_near(compose(h, compose(g, f)).apply(x), compose(compose(h, g), f).apply(x), 1e-12);
  const AffineMap twice{1, {{{0, 1}}, {{0, 1}}}, {0, 0}}, difference{2, {{{0, 1}, {1, -1}}}, {3}};
  const AffineMap nothing = compose(difference, twice);
  EXPECT_EQ(nothing.entries(), 0u);
  EXPECT_EQ(nothing.apply({5}), std::vector<double>{3});
}

/// The same rows, each with entries of its own.
AffineMap unshared(AffineMap map) {
  for (auto& row : map.rows) {
    AffineMap::Row own;
    for (const auto& e : row) own.push_back(e);
    row = std::move(own);
  }
  return map;
}

void expect_same_rows(const AffineMap& a, const AffineMap& b) {
  ASSERT_EQ(a.rows.size(), b.rows.size());
  EXPECT_EQ(a.bias, b.bias);
  for (std::size_t r = 0; r < a.rows.size(); ++r) {
    ASSERT_EQ(a.rows[r].size(), b.rows[r].size()) << "row " << r;
    for (std::size_t i = 0; i < a.rows[r].size(); ++i) {
      ASSERT_EQ(a.rows[r][i].column, b.rows[r][i].column) << "row " << r;
      ASSERT_EQ(a.rows[r][i].value, b.rows[r][i].value) << "row " << r;
    }
  }
}

std::size_t shared_with_neighbour(const AffineMap& map) {
  std::size_t count = 0;
  for (std::size_t r = 1; r < map.rows.size(); ++r) count += map.rows[r].shares(map.rows[r - 1]);
  return count;
}

// Rows that share entries are composed, added and scaled once; to the bit as if each were by itself.
TEST(AffineMap, SharedRowsAreWorthWhatOwnOnesAre) {
  Random random(6);
  for (int round = 0; round < 60; ++round) {
    const Shape input{random.size(1, 3), random.size(7, 14), random.size(7, 14)};
    nn::Graph graph = nn::make_graph("two", input);
    nn::Conv2d conv = nn::testing::make_conv(random, input.channels, random.size(1, 3), random.size(1, 3), 3, 1);
    for (auto& p : conv.padding) p = random.size(0, 2);
    conv.stride = {random.size(1, 2), random.size(1, 2)};
    nn::add_node(graph, "conv", conv, {0});
    nn::AvgPool pool{{2, 2}, {random.size(1, 2), 2}, {random.size(0, 1), 0, 0, 1}, random.size(0, 1) == 0};
    nn::add_node(graph, "pool", pool, {1});
    const AffineMap first = affine_of(graph.nodes[1], input), second = affine_of(graph.nodes[2], graph.nodes[1].shape);
    AffineMap shared = program::compose(second, first);
    AffineMap own = program::compose(unshared(second), unshared(first));
    expect_same_rows(shared, own);
    expect_same_rows(program::sum_of(shared, shared), program::sum_of(own, own));
    const std::size_t plane = graph.output_shape().height * graph.output_shape().width;
    const auto factor = [&](std::size_t r) { return 0.3 + static_cast<double>(r / plane); };
    shared.scale_rows(factor);
    own.scale_rows(factor);
    expect_same_rows(shared, own);
    if (HasFatalFailure()) return;
  }
  // Most rows of a convolution behind a pool are their neighbours moved along.
  nn::Graph graph = nn::make_graph("large", {2, 40, 40});
  nn::add_node(graph, "pool", nn::AvgPool{{2, 2}, {2, 2}, {}, false}, {0});
  nn::Conv2d conv = nn::testing::make_conv(random, 2, 3, 3, 3, 1);
  conv.padding = {1, 1, 1, 1};
  nn::add_node(graph, "conv", conv, {1});
  AffineMap map =
      program::compose(affine_of(graph.nodes[2], graph.nodes[1].shape), affine_of(graph.nodes[1], graph.input_shape()));
  EXPECT_GT(shared_with_neighbour(map), 3u * 20 * 16);
  map.scale_rows([](std::size_t r) { return r < 400 ? 2.0 : 3.0; });
  EXPECT_GT(shared_with_neighbour(map), 3u * 20 * 16);
}

TEST(AffineMap, KnowsItsLargestEntryAndTheirNumber) {
  const AffineMap map{3, {{{0, 1}, {2, -4}}, {}, {{1, 2}}}, {0, 9, 0}};
  EXPECT_EQ(map.largest(), 4);
  EXPECT_EQ(map.entries(), 3u);
  EXPECT_EQ(map.apply({1, 1, 1}), (std::vector<double>{-3, 9, 2}));
}

}  // namespace
}  // namespace obscura::compile
