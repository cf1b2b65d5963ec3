#include "nn/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "nn/graphs.h"
#include "nn/reference.h"

namespace obscura::nn {
namespace {

using ::testing::HasSubstr;
using testing::Random;
using ::testing::ThrowsMessage;

Graph image_graph(const Shape& input = {1, 28, 28}) {
  return make_graph("test", input);
}

TEST(Graph, ShapesOfTheTensealNetwork) {
  Random random(1);
  Graph graph = image_graph();
  Conv2d conv = testing::make_conv(random, 1, 4, 7, 7);
  conv.stride = {3, 3};
  add_node(graph, "conv", conv, {0});
  EXPECT_EQ(graph.output_shape(), (Shape{4, 8, 8}));
  add_node(graph, "square", Square{}, {1});
  add_node(graph, "flatten", Flatten{}, {2});
  EXPECT_EQ(graph.output_shape(), (Shape{256, 1, 1}));
  add_node(graph, "fc", testing::make_linear(random, 256, 64), {3});
  EXPECT_EQ(graph.output_shape(), (Shape{64, 1, 1}));
}

struct ConvCase {
  std::size_t side, kernel, stride, dilation, before, after, expected;
};

TEST(Graph, ConvolutionSides) {
  const ConvCase cases[] = {{8, 3, 1, 1, 0, 0, 6}, {8, 3, 1, 1, 1, 1, 8}, {8, 3, 2, 1, 1, 0, 4},
                            {9, 3, 2, 2, 2, 2, 5}, {5, 5, 1, 1, 0, 0, 1}, {1, 1, 7, 1, 0, 0, 1}};
  for (const ConvCase& c : cases) {
    Graph graph = image_graph({2, c.side, c.side});
    Conv2d conv{3, 1, {c.kernel, c.kernel}, {c.stride, c.stride}, {c.dilation, c.dilation}, {}, {}, {}};
    conv.padding = {c.before, c.before, c.after, c.after};
    conv.weights.assign(3 * 2 * c.kernel * c.kernel, 0.0F);
    add_node(graph, "conv", conv, {0});
    EXPECT_EQ(graph.output_shape(), (Shape{3, c.expected, c.expected})) << c.side << " " << c.kernel;
  }
}

template <typename L>
void expect_refused(L layer, const char* message, std::vector<std::size_t> inputs = {0},
                    const Shape& shape = {2, 6, 6}) {
  Graph graph = image_graph(shape);
  EXPECT_THAT([&] { add_node(graph, "bad", layer, inputs); }, ThrowsMessage<FormatError>(HasSubstr(message)));
  EXPECT_THAT([&] { add_node(graph, "bad", layer, inputs); }, ThrowsMessage<FormatError>(HasSubstr("'bad'")));
  EXPECT_EQ(graph.nodes.size(), 1U);
}

TEST(Graph, RefusesLayersThatDoNotFit) {
  const auto conv = [](std::size_t weights) {
    return Conv2d{4, 1, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}, std::vector<float>(weights), {}};
  };
  expect_refused(conv(71), "needs 72 weights, not 71");
  Conv2d bad_bias = conv(72);
  bad_bias.bias.resize(3);
  expect_refused(bad_bias, "needs 4 biases");
  Conv2d groups = conv(72);
  groups.groups = 3;
  expect_refused(groups, "groups cannot share");
  Conv2d large = conv(2 * 4 * 49);
  large.kernel = {7, 7};
  expect_refused(large, "a window of 7 on an input of 6");
  Conv2d no_stride = conv(72);
  no_stride.stride = {0, 1};
  expect_refused(no_stride, "zero or too large");
  Conv2d padded = conv(72);
  padded.padding = {std::size_t{1} << 40, 0, 0, 0};
  expect_refused(padded, "too much padding");
  expect_refused(Linear{3, std::vector<float>(10), {}}, "needs 216 weights");
  expect_refused(Linear{std::size_t{1} << 60, {}, {}}, "more than");
  expect_refused(BatchNorm{{1.0F}, {0.0F}}, "needs 2 scales");
  expect_refused(Polynomial{{{1.0F}}}, "degree zero");
  expect_refused(Polynomial{{{1, 2}, {1, 2, 3}}}, "coefficients in every row");
  expect_refused(Add{}, "takes 2 inputs");
  expect_refused(Square{}, "comes after it", {1});
  expect_refused(Input{}, "only node 0", {});
  expect_refused(AvgPool{{2, 2}, {2, 2}, {2, 0, 0, 0}, false}, "padding as large");
}

TEST(Graph, RefusesNumbersThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  expect_refused(Linear{1, {nan, 0}, {}}, "not a finite number", {0}, {2, 1, 1});
  expect_refused(Linear{1, {0, 0}, {infinity}}, "not a finite number", {0}, {2, 1, 1});
  expect_refused(BatchNorm{{nan, 0}, {0, 0}}, "not a finite number");
  expect_refused(Polynomial{{{0, infinity}}}, "not a finite number");
}

TEST(Graph, RefusesImpossibleInputs) {
  EXPECT_THROW(make_graph("empty", {0, 1, 1}), FormatError);
  EXPECT_THROW(make_graph("large", {1, 1U << 20, 1}), FormatError);
  EXPECT_THROW(make_graph("large", {1U << 30, 1, 1}), FormatError);
}

TEST(Graph, LayerNames) {
  EXPECT_EQ(layer_name(Conv2d{}), "Conv2d");
  EXPECT_EQ(layer_name(AvgPool{}), "AvgPool");
  EXPECT_EQ(layer_name(Add{}), "Add");
  EXPECT_EQ(layer_name(Input{}), "Input");
}

std::size_t count_norms(const Graph& graph) {
  std::size_t norms = 0;
  for (const Node& node : graph.nodes) norms += std::holds_alternative<BatchNorm>(node.layer) ? 1 : 0;
  return norms;
}

void expect_same_function(const Graph& a, const Graph& b, std::uint64_t seed) {
  Random random(seed);
  const auto image = random.floats(a.input_shape().size(), 1.0F);
  const auto left = run_reference(a, image);
  const auto right = run_reference(b, image);
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], 1e-4 * (1 + std::abs(left[i])));
}

TEST(FoldBatchNorms, GoesIntoTheLayerBefore) {
  Random random(2);
  Graph graph = image_graph({2, 6, 6});
  add_node(graph, "first", BatchNorm{{2, 3}, {1, -1}}, {0});
  add_node(graph, "conv", testing::make_conv(random, 2, 4, 3, 3), {1});
  add_node(graph, "norm", BatchNorm{random.floats(4, 1), random.floats(4, 1)}, {2});
  add_node(graph, "pool", AvgPool{{2, 2}, {2, 2}, {0, 0, 0, 0}, false}, {3});
  add_node(graph, "again", BatchNorm{random.floats(4, 1), random.floats(4, 1)}, {4});
  add_node(graph, "square", Square{}, {5});
  add_node(graph, "flatten", Flatten{}, {6});
  add_node(graph, "fc", testing::make_linear(random, 16, 3), {7});
  add_node(graph, "last", BatchNorm{random.floats(3, 1), random.floats(3, 1)}, {8});
  const Graph folded = fold_batch_norms(graph);
  EXPECT_EQ(count_norms(folded), 1U) << "the one before every layer stays";
  EXPECT_EQ(folded.nodes[2].name, "conv");
  EXPECT_EQ(folded.output_shape(), graph.output_shape());
  expect_same_function(graph, folded, 3);
}

TEST(FoldBatchNorms, StaysWhereTheLayerIsSharedOrNotLinear) {
  Random random(4);
  Graph graph = image_graph({2, 4, 4});
  add_node(graph, "conv", testing::make_conv(random, 2, 2, 1, 1), {0});
  add_node(graph, "norm", BatchNorm{{2, 3}, {1, 1}}, {1});
  add_node(graph, "add", Add{}, {1, 2});
  add_node(graph, "square", Square{}, {3});
  add_node(graph, "after", BatchNorm{{2, 3}, {1, 1}}, {4});
  add_node(graph, "pool", AvgPool{{2, 2}, {1, 1}, {1, 1, 1, 1}, true}, {5});
  add_node(graph, "edge", BatchNorm{{2, 3}, {1, 1}}, {6});
  const Graph folded = fold_batch_norms(graph);
  EXPECT_EQ(count_norms(folded), 3U);
  expect_same_function(graph, folded, 5);
}

TEST(FoldBatchNorms, RandomNetworksKeepTheirFunction) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Graph graph = testing::random_graph(seed);
    expect_same_function(graph, fold_batch_norms(graph), seed);
  }
}

}  // namespace
}  // namespace obscura::nn
