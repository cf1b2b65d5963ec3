#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "nn/onnx_builder.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

namespace obscura::nn {
namespace {

using ::testing::AllOf;
using testing::Dims;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using testing::ramp;
using ::testing::ThrowsMessage;

std::vector<std::string> layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(layer_name(node.layer));
  return names;
}

template <typename L>
const L& last(const Graph& graph) {
  return std::get<L>(graph.nodes.back().layer);
}

/// The network's output for the image 1, 2, 3, ...
std::vector<double> run(const Graph& graph) {
  return run_reference(graph, ramp(graph.input_shape().size(), 1.0F));
}

TEST(OnnxOperators, ConvWithEverything) {
  OnnxBuilder onnx({-1, 4, 9, 8});
  onnx.floats("w", {6, 2, 3, 2}, ramp(72));
  onnx.floats("b", {6}, ramp(6));
  const auto y = onnx.node("Conv", {"x", "w", "b"});
  onnx.set("group", 2).set("pads", Dims{1, 0, 2, 1}).set("strides", Dims{2, 1}).set("dilations", Dims{1, 3});
  const Graph graph = onnx.read(y);
  const auto& conv = last<Conv2d>(graph);
  EXPECT_EQ(conv.groups, 2U);
  EXPECT_THAT(conv.kernel, ElementsAre(3, 2));
  EXPECT_THAT(conv.padding, ElementsAre(1, 0, 2, 1));
  EXPECT_THAT(conv.stride, ElementsAre(2, 1));
  EXPECT_THAT(conv.dilation, ElementsAre(1, 3));
  EXPECT_EQ(conv.weights, ramp(72));
  EXPECT_EQ(conv.bias, ramp(6));
  EXPECT_EQ(graph.output_shape(), (Shape{6, 5, 6}));
}

struct SameCase {
  const char* mode;
  std::size_t side, kernel, stride;
  std::array<std::size_t, 4> padding;
};

TEST(OnnxOperators, AutomaticPadding) {
  const SameCase cases[] = {{"SAME_UPPER", 6, 3, 2, {0, 0, 1, 1}}, {"SAME_LOWER", 6, 3, 2, {1, 1, 0, 0}},
                            {"SAME_UPPER", 5, 3, 1, {1, 1, 1, 1}}, {"SAME_UPPER", 6, 1, 3, {0, 0, 0, 0}},
                            {"VALID", 6, 3, 2, {0, 0, 0, 0}},      {"NOTSET", 6, 3, 2, {0, 0, 0, 0}}};
  for (const SameCase& c : cases) {
    OnnxBuilder onnx({1, 1, static_cast<std::int64_t>(c.side), static_cast<std::int64_t>(c.side)});
    const auto k = static_cast<std::int64_t>(c.kernel);
    const auto s = static_cast<std::int64_t>(c.stride);
    onnx.floats("w", {1, 1, k, k}, ramp(c.kernel * c.kernel));
    const auto y = onnx.node("Conv", {"x", "w"});
    onnx.set("auto_pad", std::string(c.mode)).set("strides", Dims{s, s});
    EXPECT_EQ(last<Conv2d>(onnx.read(y)).padding, c.padding) << c.mode << " " << c.side;
  }
}

TEST(OnnxOperators, AveragePools) {
  OnnxBuilder onnx({1, 2, 7, 7});
  const auto y = onnx.node("AveragePool", {"x"});
  onnx.set("kernel_shape", Dims{3, 2}).set("strides", Dims{2, 2}).set("pads", Dims{1, 0, 1, 0});
  onnx.set("count_include_pad", 1);
  const Graph graph = onnx.read(y);
  EXPECT_TRUE(last<AvgPool>(graph).count_include_pad);
  EXPECT_EQ(graph.output_shape(), (Shape{2, 4, 3}));
}

TEST(OnnxOperators, CeilModeBecomesPadding) {
  OnnxBuilder onnx({1, 1, 5, 6});
  const auto y = onnx.node("AveragePool", {"x"});
  onnx.set("kernel_shape", Dims{2, 2}).set("strides", Dims{2, 2}).set("ceil_mode", 1);
  const Graph graph = onnx.read(y);
  EXPECT_THAT(last<AvgPool>(graph).padding, ElementsAre(0, 0, 1, 0));
  EXPECT_EQ(graph.output_shape(), (Shape{1, 3, 3}));
  EXPECT_EQ(run(graph)[6], 25.5) << "the mean of the two that are there";
}

TEST(OnnxOperators, GlobalAverages) {
  for (const bool reduce : {false, true}) {
    OnnxBuilder onnx({1, 3, 4, 5});
    const auto pooled = onnx.node(reduce ? "ReduceMean" : "GlobalAveragePool", {"x"});
    if (reduce) onnx.set("axes", Dims{-1, 2}).set("keepdims", 0);
    onnx.floats("w", {3, 2}, ramp(6));
    const auto y = reduce ? onnx.node("MatMul", {pooled, "w"}) : pooled;
    const Graph graph = onnx.read(y);
    EXPECT_THAT(std::get<AvgPool>(graph.nodes[1].layer).kernel, ElementsAre(4, 5));
  }
  OnnxBuilder onnx({1, 3, 4, 5});
  const auto y = onnx.node("ReduceMean", {"x"});
  onnx.set("axes", Dims{1});
  EXPECT_THROW(onnx.read(y), UnsupportedError);
}

TEST(OnnxOperators, BatchNormalization) {
  OnnxBuilder onnx({1, 2, 3, 3});
  onnx.floats("g", {2}, {2, 3});
  onnx.floats("b", {2}, {1, -1});
  onnx.floats("m", {2}, {0.5, 1});
  onnx.floats("v", {2}, {4, 0.25});
  const auto y = onnx.node("BatchNormalization", {"x", "g", "b", "m", "v"});
  onnx.set("epsilon", 0.0F);
  const Graph graph = onnx.read(y);
  const auto& norm = last<BatchNorm>(graph);
  EXPECT_THAT(norm.scale, ElementsAre(1, 6));
  EXPECT_THAT(norm.shift, ElementsAre(0.5, -7));
}

TEST(OnnxOperators, GemmInEverySpelling) {
  for (const bool transposed : {false, true}) {
    OnnxBuilder onnx({1, 3});
    onnx.floats("w", transposed ? Dims{2, 3} : Dims{3, 2},
                transposed ? std::vector<float>{1, 3, 5, 2, 4, 6} : std::vector<float>{1, 2, 3, 4, 5, 6});
    onnx.floats("b", {1, 2}, {10, 20});
    const auto y = onnx.node("Gemm", {"x", "w", "b"});
    onnx.set("transB", transposed ? 1 : 0).set("alpha", 2.0F).set("beta", 0.5F);
    const Graph graph = onnx.read(y);
    EXPECT_THAT(last<Linear>(graph).weights, ElementsAre(2, 6, 10, 4, 8, 12));
    EXPECT_THAT(run(graph), ElementsAre(49, 66));
  }
  OnnxBuilder onnx({1, 3});
  onnx.floats("w", {3, 2}, ramp(6));
  const auto y = onnx.node("Gemm", {"x", "w"});
  onnx.set("transA", 1);
  EXPECT_THAT([&] { onnx.read(y); }, ThrowsMessage<UnsupportedError>(HasSubstr("transA")));
}

TEST(OnnxOperators, MatMulAndAddAreOneLayer) {
  OnnxBuilder onnx({-1, 3});
  onnx.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  onnx.floats("b", {2}, {10, 20});
  const auto y = onnx.node("Add", {"b", onnx.node("MatMul", {"x", "w"})});
  const Graph graph = onnx.read(y);
  EXPECT_THAT(layers(graph), ElementsAre("Input", "Linear"));
  EXPECT_THAT(run(graph), ElementsAre(32, 48));
}

TEST(OnnxOperators, TransposedWeightsAreComputed) {
  OnnxBuilder onnx({1, 3});
  onnx.floats("w", {2, 3}, {1, 3, 5, 2, 4, 6});
  const auto turned = onnx.node("Transpose", {"w"});
  onnx.set("perm", Dims{1, 0});
  EXPECT_THAT(run(onnx.read(onnx.node("MatMul", {"x", turned}))), ElementsAre(22, 28));
}

TEST(OnnxOperators, ResidualAdd) {
  OnnxBuilder onnx({1, 1, 4, 4});
  onnx.floats("w", {1, 1, 1, 1}, {3});
  const auto y = onnx.node("Add", {"x", onnx.node("Conv", {"x", "w"})});
  const Graph graph = onnx.read(y);
  EXPECT_THAT(layers(graph), ElementsAre("Input", "Conv2d", "Add"));
  EXPECT_EQ(run(graph)[3], 16);
}

TEST(OnnxOperators, SquaresInEverySpelling) {
  for (const int spelling : {0, 1, 2}) {
    OnnxBuilder onnx({1, 1, 2, 2});
    onnx.floats("two", {}, {2});
    onnx.ints("two_int", {2});
    const auto y = spelling == 0   ? onnx.node("Mul", {"x", "x"})
                   : spelling == 1 ? onnx.node("Pow", {"x", "two"})
                                   : onnx.node("Pow", {"x", "two_int"});
    const Graph graph = onnx.read(y);
    EXPECT_THAT(layers(graph), ElementsAre("Input", "Square")) << spelling;
    EXPECT_THAT(run(graph), ElementsAre(1, 4, 9, 16));
  }
}

TEST(OnnxOperators, ASquareOfASquareIsTwoLayers) {
  OnnxBuilder onnx({1, 1, 2, 2});
  const auto first = onnx.node("Mul", {"x", "x"});
  EXPECT_THAT(layers(onnx.read(onnx.node("Mul", {first, first}))), ElementsAre("Input", "Square", "Square"));
}

TEST(OnnxOperators, SumsOfProductsArePolynomials) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.floats("a", {2, 1, 1}, {2, 3});
  onnx.floats("half", {}, {0.5});
  onnx.floats("one", {1}, {1});
  // a x^2 - x / 0.5 + 1
  const auto square = onnx.node("Mul", {"x", "x"});
  const auto scaled = onnx.node("Mul", {"a", square});
  const auto divided = onnx.node("Div", {"x", "half"});
  const auto difference = onnx.node("Sub", {scaled, divided});
  const Graph graph = onnx.read(onnx.node("Add", {difference, "one"}));
  ASSERT_THAT(layers(graph), ElementsAre("Input", "Polynomial"));
  const auto& rows = last<Polynomial>(graph).coefficients;
  EXPECT_THAT(rows[0], ElementsAre(1, -2, 2));
  EXPECT_THAT(rows[1], ElementsAre(1, -2, 3));
}

TEST(OnnxOperators, ConstantScaleIsABatchNorm) {
  OnnxBuilder onnx({1, 2, 2, 2});
  onnx.floats("scale", {1, 2, 1, 1}, {2, 3});
  onnx.floats("one", {}, {1});
  const Graph graph = onnx.read(onnx.node("Sub", {"one", onnx.node("Mul", {"x", "scale"})}));
  EXPECT_THAT(last<BatchNorm>(graph).scale, ElementsAre(-2, -3));
  EXPECT_THAT(last<BatchNorm>(graph).shift, ElementsAre(1, 1));
}

TEST(OnnxOperators, FlattensInEverySpelling) {
  for (const int spelling : {0, 1, 2, 3, 4, 5}) {
    SCOPED_TRACE(spelling);
    OnnxBuilder onnx({-1, 2, 3, 1});
    std::string flat;
    if (spelling == 0) flat = onnx.node("Flatten", {"x"});
    if (spelling == 1) flat = onnx.node("Reshape", {"x", onnx.ints("s", {1, 6})});
    if (spelling == 2) flat = onnx.node("Reshape", {"x", onnx.ints("s", {0, -1})});
    if (spelling == 3)
      flat = onnx.node("Reshape", {onnx.node("Squeeze", {"x", onnx.ints("a", {3})}), onnx.ints("s", {-1, 6})});
    if (spelling == 4) {  // x.view(x.size(0), -1)
      OnnxBuilder& o = onnx;
      o.model().mutable_graph()->add_initializer()->CopyFrom([] {
        onnx::TensorProto zero;
        zero.set_name("zero");
        zero.set_data_type(onnx::TensorProto::INT64);
        zero.add_int64_data(0);
        return zero;
      }());
      const auto size = o.node("Gather", {o.node("Shape", {"x"}), "zero"});
      const auto batch = o.node("Unsqueeze", {size, o.ints("axes", {0})});
      flat = o.node("Reshape", {"x", o.node("Concat", {batch, o.ints("rest", {-1})})});
      flat = o.node("Identity", {flat});
      o.model().mutable_graph()->mutable_node(3)->add_attribute()->CopyFrom([] {
        onnx::AttributeProto axis;
        axis.set_name("axis");
        axis.set_type(onnx::AttributeProto::INT);
        axis.set_i(0);
        return axis;
      }());
    }
    if (spelling == 5) flat = onnx.node("Dropout", {onnx.node("Flatten", {"x"})});
    onnx.floats("w", {6, 1}, {1, 10, 100, 1000, 10000, 100000});
    const Graph graph = onnx.read(onnx.node("MatMul", {flat, "w"}));
    EXPECT_THAT(layers(graph), ElementsAre("Input", "Flatten", "Linear"));
    EXPECT_THAT(run(graph), ElementsAre(654321));
  }
}

/// x is [1, 2, 1, 2] of 1 2 3 4; the other tensor repeats along the axes where it has one.
TEST(OnnxOperators, TensorsOfTwoShapesAreRepeatedToOne) {
  struct Case {
    const char* type;
    Dims axes;  ///< that the mean is taken of
    bool swapped;
    std::vector<double> expected;
  };
  const Case cases[] = {{"Mul", {3}, false, {1.5, 3, 10.5, 14}},
                        {"Mul", {3}, true, {1.5, 3, 10.5, 14}},
                        {"Sub", {3}, false, {-0.5, 0.5, -0.5, 0.5}},
                        {"Sub", {3}, true, {0.5, -0.5, 0.5, -0.5}},
                        {"Add", {2, 3}, true, {2.5, 3.5, 6.5, 7.5}}};
  for (const Case& c : cases) {
    OnnxBuilder onnx({1, 2, 1, 2});
    const auto mean = onnx.node("ReduceMean", {"x"});
    onnx.set("axes", c.axes);
    const auto y =
        onnx.node(c.type, c.swapped ? std::vector<std::string>{mean, "x"} : std::vector<std::string>{"x", mean});
    EXPECT_THAT(run(onnx.read(y)), ElementsAreArray(c.expected)) << c.type;
  }
}

TEST(OnnxOperators, BothTensorsMayRepeat) {
  OnnxBuilder onnx({1, 2, 2, 2});
  const auto rows = onnx.node("AveragePool", {"x"});
  onnx.set("kernel_shape", Dims{1, 2});
  const auto columns = onnx.node("AveragePool", {"x"});
  onnx.set("kernel_shape", Dims{2, 1});
  EXPECT_THAT(run(onnx.read(onnx.node("Mul", {rows, columns}))),
              ElementsAre(1.5 * 2, 1.5 * 3, 3.5 * 2, 3.5 * 3, 5.5 * 6, 5.5 * 7, 7.5 * 6, 7.5 * 7));
}

TEST(OnnxOperators, ExpandBySizesThatTheFileComputes) {
  OnnxBuilder onnx({1, 2, 1, 2});
  const auto mean = onnx.node("GlobalAveragePool", {"x"});
  onnx.ints("minus", {-1, -1, 1, 2}), onnx.ints("one", {-1}), onnx.ints("keep", {1, 2, 1, 1});
  const auto sizes = onnx.node("Where", {onnx.node("Equal", {"minus", "one"}), "keep", "minus"});
  EXPECT_THAT(run(onnx.read(onnx.node("Expand", {mean, sizes}))), ElementsAre(1.5, 1.5, 3.5, 3.5));
}

/// Else a sum of ReLUs would have to hold 3e38 and x.
TEST(OnnxOperators, AClipByTheLargestFloatHasOneSide) {
  for (const bool upper : {false, true}) {
    OnnxBuilder onnx({1, 3}, 10);
    const auto y = onnx.node("Clip", {"x"});
    onnx.set("min", upper ? -std::numeric_limits<float>::max() : 2.0F);
    onnx.set("max", upper ? 2.0F : std::numeric_limits<float>::max());
    const Graph graph = onnx.read(y);
    for (const Node& node : graph.nodes) {
      const auto* activation = std::get_if<Activation>(&node.layer);
      EXPECT_TRUE(activation == nullptr || activation->kind == Activation::Kind::relu) << node.name;
    }
    EXPECT_THAT(run(graph), ElementsAreArray(upper ? std::vector<double>{1, 2, 2} : std::vector<double>{2, 2, 3}));
  }
}

TEST(OnnxOperators, TensorsThatDoNotRepeatToOneAreRefused) {
  OnnxBuilder onnx({1, 3, 4, 4});
  const auto pooled = onnx.node("AveragePool", {"x"});
  onnx.set("kernel_shape", Dims{2, 2}), onnx.set("strides", Dims{2, 2});
  EXPECT_THAT(
      [&] {
        onnx.read(onnx.node("Mul", {"x", pooled}));
      },
      ThrowsMessage<FormatError>(HasSubstr("[1, 3, 4, 4] and [1, 3, 2, 2]")));
  OnnxBuilder other({1, 3, 4, 4});
  other.ints("s", {1, 3, 8, 8});
  EXPECT_THAT(
      [&] {
        other.read(other.node("Expand", {"x", "s"}));
      },
      ThrowsMessage<FormatError>(HasSubstr("expands a tensor of [1, 3, 4, 4] to [1, 3, 8, 8]")));
}

TEST(OnnxOperators, AFlatInputMayBecomeAnImage) {
  OnnxBuilder onnx({1, 16});
  const auto image = onnx.node("Reshape", {"x", onnx.ints("s", {-1, 1, 4, 4})});
  onnx.floats("w", {1, 1, 4, 4}, ramp(16));
  const Graph graph = onnx.read(onnx.node("Conv", {image, "w"}));
  EXPECT_EQ(graph.input_shape(), (Shape{1, 4, 4}));
  EXPECT_EQ(graph.preprocessing.mean.size(), 1U);
}

TEST(OnnxOperators, InputsWithoutABatch) {
  OnnxBuilder onnx({2, 3, 3});
  const auto batched = onnx.node("Unsqueeze", {"x", onnx.ints("axes", {0})});
  onnx.floats("w", {1, 2, 3, 3}, ramp(18));
  const Graph graph = onnx.read(onnx.node("Conv", {batched, "w"}));
  EXPECT_EQ(graph.input_shape(), (Shape{2, 3, 3}));
  EXPECT_EQ(graph.output_shape(), (Shape{1, 1, 1}));
}

TEST(OnnxOperators, ConstantNodesAndOldAttributes) {
  OnnxBuilder onnx({1, 2, 1, 1}, 11);
  const auto c = onnx.node("Constant", {});
  auto* value = onnx.model().mutable_graph()->mutable_node(0)->add_attribute();
  value->set_name("value");
  value->set_type(onnx::AttributeProto::TENSOR);
  value->mutable_t()->set_data_type(onnx::TensorProto::DOUBLE);
  value->mutable_t()->add_dims(1);
  value->mutable_t()->add_double_data(4);
  const auto scaled = onnx.node("Mul", {"x", c});
  const auto squeezed = onnx.node("Squeeze", {scaled});
  onnx.set("axes", Dims{2, 3});
  onnx.floats("w", {2, 1}, {1, 10});
  EXPECT_THAT(run(onnx.read(onnx.node("MatMul", {squeezed, "w"}))), ElementsAre(84));
}

TEST(OnnxOperators, WhatTheOutputDoesNotNeedIsIgnored) {
  OnnxBuilder onnx({1, 2});
  onnx.node("Pow", {"x", "x"});
  onnx.floats("w", {2, 1}, {1, 10});
  EXPECT_THAT(run(onnx.read(onnx.node("MatMul", {"x", "w"}))), ElementsAre(21));
}

void expect_unsupported(const char* type, const char* advice) {
  OnnxBuilder onnx({1, 1, 4, 4});
  const auto y = onnx.node(type, {"x"});
  onnx.set("kernel_shape", Dims{2, 2});
  EXPECT_THAT([&] { onnx.read(y); }, ThrowsMessage<UnsupportedError>(AllOf(
                                         HasSubstr(type), HasSubstr(std::string(type) + "_1"), HasSubstr(advice))));
}

TEST(OnnxOperators, UnsupportedOnesSayWhatToDo) {
  expect_unsupported("LpPool", "retrain with average pooling");
  expect_unsupported("Softsign", "retrain with a square, polynomial, ReLU");
  expect_unsupported("LayerNormalization", "retrain with batch normalisation");
  expect_unsupported("LSTM", "recurrent layers do not run encrypted");
  expect_unsupported("NonZero", "docs/cli.md lists what runs");
}

/// They run in the clear; which of them run encrypted, the compiler says.
TEST(OnnxOperators, ProductsOfTwoTensors) {
  OnnxBuilder onnx({1, 1, 2, 2});
  onnx.floats("w", {1, 1, 1, 1}, {3});
  const auto y = onnx.node("Mul", {"x", onnx.node("Conv", {"x", "w"})});
  const Graph graph = onnx.read(y);
  EXPECT_TRUE(std::holds_alternative<Product>(graph.nodes.back().layer));
  EXPECT_EQ(run_reference(graph, std::vector<float>{1, -2, 3, 4}), (std::vector<double>{3, 12, 27, 48}));
  const auto opencv = Reference(graph).run(std::vector<float>{1, -2, 3, 4});
  EXPECT_EQ(opencv, (std::vector<float>{3, 12, 27, 48}));
  Graph back = read_onnx(to_onnx(graph), "again");
  EXPECT_EQ(run_reference(back, std::vector<float>{1, -2, 3, 4}), (std::vector<double>{3, 12, 27, 48}));
  EXPECT_THROW(add_node(back, "p", Product{}, {0}), FormatError);
}

TEST(OnnxOperators, ProductsByPlacesAreRefused) {
  OnnxBuilder mask({1, 1, 2, 2});
  mask.floats("m", {1, 1, 2, 2}, ramp(4));
  const auto z = mask.node("Mul", {"x", "m"});
  EXPECT_THAT([&] { mask.read(z); }, ThrowsMessage<UnsupportedError>(HasSubstr("from place to place")));
}

}  // namespace
}  // namespace obscura::nn
