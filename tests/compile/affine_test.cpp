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
void expect_map_of(const nn::Shape& input, nn::Layer layer, Random& random) {
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
    const nn::Shape input{groups * random.size(1, 2), random.size(5, 9), random.size(5, 9)};
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

TEST(AffineMap, KnowsItsLargestEntryAndTheirNumber) {
  const AffineMap map{3, {{{0, 1}, {2, -4}}, {}, {{1, 2}}}, {0, 9, 0}};
  EXPECT_EQ(map.largest(), 4);
  EXPECT_EQ(map.entries(), 3u);
  EXPECT_EQ(map.apply({1, 1, 1}), (std::vector<double>{-3, 9, 2}));
}

}  // namespace
}  // namespace obscura::compile
