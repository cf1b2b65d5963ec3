#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "nn/onnx_builder.h"
#include "nn/reference.h"

/// Activations, padding and concatenation as files spell them, beyond what the exports in exports/ hold.
namespace obscura::nn {
namespace {

using testing::Dims;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using ::testing::ThrowsMessage;
using Kind = Activation::Kind;

std::vector<std::string> layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(layer_name(node.layer));
  return names;
}

template <typename Kind = UnsupportedError>
void expect_refused(OnnxBuilder& onnx, const std::string& output, const char* message) {
  const std::string bytes = onnx.bytes(output);
  EXPECT_THAT([&] { OnnxBuilder::read_bytes(bytes); }, ThrowsMessage<Kind>(HasSubstr(message)));
}

const std::vector<float> kImage{-2, -0.5F, 0.25F, 3};

/// The graph computes f on every value of an image of two channels.
void expect_function(const Graph& graph, double (*f)(double)) {
  const auto y = run_reference(graph, kImage);
  for (std::size_t i = 0; i < kImage.size(); ++i) {
    EXPECT_NEAR(y[i], f(static_cast<double>(kImage[i])), 1e-6) << kImage[i];
  }
}

TEST(OnnxSpellings, SumsOfATensorAndItsActivation) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.floats("k", {}, {3});
  // One activation, its scale and shift, and the tensor beside it.
  const auto relu = onnx.node("Mul", {onnx.node("Relu", {"x"}), "k"});
  const Graph graph = onnx.read(onnx.node("Sub", {onnx.node("Add", {relu, "x"}), "k"}));
  expect_function(graph, [](double x) { return x + 3 * std::max(x, 0.0) - 3; });
  EXPECT_THAT(layers(graph), ElementsAre("Input", "ReLU", "BatchNorm", "Add"));
}

TEST(OnnxSpellings, ProductsOfATensorAndItsActivation) {
  OnnxBuilder onnx({1, 2, 1, 2});
  const Graph graph = onnx.read(onnx.node("Mul", {"x", onnx.node("Relu", {"x"})}));
  expect_function(graph, [](double x) { return x * std::max(x, 0.0); });
  EXPECT_THAT(layers(graph), ElementsAre("Input", "ReLU", "Product"));
  // Swish, whose slope may be zero.
  for (const float slope : {1.702F, -0.5F, 0.0F}) {
    OnnxBuilder swish({1, 2, 1, 2});
    swish.floats("b", {}, {slope});
    const auto gate = swish.node("Sigmoid", {swish.node("Mul", {"x", "b"})});
    const auto y = run_reference(swish.read(swish.node("Mul", {gate, "x"})), kImage);
    for (std::size_t i = 0; i < kImage.size(); ++i) {
      EXPECT_NEAR(y[i], kImage[i] / (1 + std::exp(-slope * kImage[i])), 1e-6) << slope;
    }
  }
}

TEST(OnnxSpellings, MishInOneNodeOrInThree) {
  const auto mish = [](double x) { return x * std::tanh(std::log1p(std::exp(x))); };
  OnnxBuilder onnx({1, 2, 1, 2}, 18);
  const Graph whole = onnx.read(onnx.node("Mish", {"x"}));
  EXPECT_THAT(layers(whole), ElementsAre("Input", "Mish"));
  expect_function(whole, mish);
  // Twice, one behind the other.
  OnnxBuilder parts({1, 2, 1, 2});
  std::string x = "x";
  for (int i = 0; i < 2; ++i) x = parts.node("Mul", {x, parts.node("Tanh", {parts.node("Softplus", {x})})});
  const Graph folded = parts.read(x);
  EXPECT_THAT(layers(folded), ElementsAre("Input", "Mish", "Mish"));
  expect_function(folded, [](double v) {
    const double once = v * std::tanh(std::log1p(std::exp(v)));
    return once * std::tanh(std::log1p(std::exp(once)));
  });
  // A softplus that something else reads, too, stays.
  OnnxBuilder shared({1, 2, 1, 2});
  const auto softplus = shared.node("Softplus", {"x"});
  const auto product = shared.node("Mul", {shared.node("Tanh", {softplus}), "x"});
  const Graph kept = shared.read(shared.node("Add", {product, softplus}));
  expect_function(kept, [](double v) {
    const double s = std::log1p(std::exp(v));
    return v * std::tanh(s) + s;
  });
  // And one of something else is none.
  OnnxBuilder other({1, 2, 1, 2});
  const auto square = other.node("Mul", {"x", "x"});
  const auto gate = other.node("Tanh", {other.node("Softplus", {square})});
  expect_function(other.read(other.node("Mul", {gate, "x"})),
                  [](double v) { return v * std::tanh(std::log1p(std::exp(v * v))); });
}

TEST(OnnxSpellings, DifferencesAndNegations) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.floats("k", {1}, {2});
  const auto negated = onnx.node("Neg", {onnx.node("Tanh", {"x"})});
  const Graph graph = onnx.read(onnx.node("Sub", {"k", onnx.node("Sub", {"x", negated})}));
  expect_function(graph, [](double x) { return 2 - (x + std::tanh(x)); });
}

TEST(OnnxSpellings, DifferenceOfTwoTensors) {
  OnnxBuilder onnx({1, 2, 1, 2});
  const auto left = onnx.node("Relu", {"x"});
  const Graph graph = onnx.read(onnx.node("Sub", {left, onnx.node("Sigmoid", {"x"})}));
  expect_function(graph, [](double x) { return std::max(x, 0.0) - 1 / (1 + std::exp(-x)); });
}

TEST(OnnxSpellings, ActivationsOfActivationsAndOfScaledTensors) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.floats("k", {1}, {2});
  const auto inner = onnx.node("Relu", {onnx.node("Mul", {"x", "k"})});
  const Graph graph = onnx.read(onnx.node("Tanh", {inner}));
  expect_function(graph, [](double x) { return std::tanh(std::max(2 * x, 0.0)); });
  EXPECT_THAT(layers(graph), ElementsAre("Input", "BatchNorm", "ReLU", "Tanh"));
}

TEST(OnnxSpellings, HardSwishOfOldExporters) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.floats("three", {}, {3});
  onnx.floats("zero", {}, {0});
  onnx.floats("six", {}, {6});
  const auto clip = onnx.node("Clip", {onnx.node("Add", {"x", "three"}), "zero", "six"});
  const Graph graph = onnx.read(onnx.node("Div", {onnx.node("Mul", {"x", clip}), "six"}));
  EXPECT_THAT(layers(graph), ElementsAre("Input", "HardSwish"));
  expect_function(graph, [](double x) { return x * std::min(std::max(x + 3, 0.0), 6.0) / 6; });
}

TEST(OnnxSpellings, GeluWithItsFactorsInAnyOrder) {
  for (const bool halved_first : {false, true}) {
    OnnxBuilder onnx({1, 2, 1, 2});
    onnx.floats("half", {}, {0.5F});
    onnx.floats("one", {}, {1});
    onnx.floats("root", {}, {0.70710677F});
    const auto bracket = onnx.node("Add", {"one", onnx.node("Erf", {onnx.node("Mul", {"x", "root"})})});
    const auto y = halved_first ? onnx.node("Mul", {bracket, onnx.node("Mul", {"half", "x"})})
                                : onnx.node("Mul", {"x", onnx.node("Mul", {bracket, "half"})});
    EXPECT_THAT(layers(onnx.read(y)), ElementsAre("Input", "GELU"));
  }
}

TEST(OnnxSpellings, OneSidedClips) {
  OnnxBuilder low({1, 2, 1, 2}, 10);
  const auto y = low.node("Clip", {"x"});
  low.set("min", 0.0F);
  EXPECT_THAT(layers(low.read(y)), ElementsAre("Input", "Clip"));
  OnnxBuilder high({1, 2, 1, 2});
  high.floats("m", {}, {1});
  expect_function(high.read(high.node("Clip", {"x", "", "m"})), [](double x) { return std::min(x, 1.0); });
}

TEST(OnnxSpellings, PreluWithASlopeAChannel) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.floats("s", {2, 1, 1}, {0.5F, -1});
  const auto y = run_reference(onnx.read(onnx.node("PRelu", {"x", "s"})), std::vector<float>{-2, 3, -2, 3});
  EXPECT_THAT(y, ElementsAre(-1, 3, 2, 3));
}

TEST(OnnxSpellings, ConvolutionsTakeZerosBeforeThem) {
  OnnxBuilder onnx({1, 1, 4, 4}, 10);
  onnx.floats("w", {1, 1, 3, 3}, testing::ramp(9));
  const auto pad = onnx.node("Pad", {"x"});
  onnx.set("pads", Dims{0, 0, 1, 0, 0, 0, 0, 2});
  const auto y = onnx.node("Conv", {pad, "w"});
  onnx.set("pads", Dims{0, 1, 0, 0});
  const Graph graph = onnx.read(y);
  ASSERT_THAT(layers(graph), ElementsAre("Input", "Conv2d"));
  EXPECT_THAT(std::get<Conv2d>(graph.nodes[1].layer).padding, ElementsAre(1, 1, 0, 2));
}

TEST(OnnxSpellings, PaddingThatIsSharedOrNotZeroStays) {
  OnnxBuilder onnx({1, 1, 4, 4});
  onnx.ints("p", {0, 0, 1, 1, 0, 0, 1, 1});
  onnx.floats("w", {1, 1, 3, 3}, testing::ramp(9));
  onnx.floats("v", {1, 1, 3, 3}, testing::ramp(9));
  const auto pad = onnx.node("Pad", {"x", "p"});
  const Graph graph = onnx.read(onnx.node("Add", {onnx.node("Conv", {pad, "w"}), onnx.node("Conv", {pad, "v"})}));
  EXPECT_THAT(layers(graph), ElementsAre("Input", "Pad", "Conv2d", "Conv2d", "Add"));
}

TEST(OnnxSpellings, AveragesOverAddedZerosCountThem) {
  OnnxBuilder onnx({1, 1, 4, 4});
  onnx.ints("p", {0, 0, 1, 1, 0, 0, 1, 1});
  const auto y = onnx.node("AveragePool", {onnx.node("Pad", {"x", "p"})});
  onnx.set("kernel_shape", Dims{3, 3}).set("strides", Dims{3, 3});
  const Graph graph = onnx.read(y);
  ASSERT_THAT(layers(graph), ElementsAre("Input", "AvgPool"));
  EXPECT_TRUE(std::get<AvgPool>(graph.nodes[1].layer).count_include_pad);
  const auto out = run_reference(graph, std::vector<float>(16, 9));
  EXPECT_THAT(out, ElementsAre(4, 4, 4, 4));
}

TEST(OnnxSpellings, ConcatsOfImagesAndOfFlatTensors) {
  OnnxBuilder onnx({1, 1, 1, 2});
  const auto square = onnx.node("Mul", {"x", "x"});
  const auto joined = onnx.node("Concat", {"x", square});
  onnx.set("axis", -3);
  const auto flat = onnx.node("Flatten", {joined});
  const auto twice = onnx.node("Concat", {flat, flat});
  onnx.set("axis", 1);
  const Graph graph = onnx.read(twice);
  EXPECT_EQ(graph.output_shape(), (Shape{8, 1, 1}));
  EXPECT_THAT(run_reference(graph, std::vector<float>{2, 3}), ElementsAre(2, 3, 4, 9, 2, 3, 4, 9));
}

TEST(OnnxSpellings, RefusalsNameOperatorAndWay) {
  const auto refuse = [](const char* message, const std::function<std::string(OnnxBuilder&)>& build) {
    SCOPED_TRACE(message);
    OnnxBuilder onnx({1, 2, 4, 4});
    const std::string y = build(onnx);
    expect_refused(onnx, y, message);
  };
  refuse("supported: constant, reflect, edge", [](OnnxBuilder& b) {
    b.ints("p", {0, 0, 1, 0, 0, 0, 0, 0});
    const auto y = b.node("Pad", {"x", "p"});
    b.set("mode", std::string("wrap"));
    return y;
  });
  refuse("another axis than the channels", [](OnnxBuilder& b) {
    const auto y = b.node("Concat", {"x", "x"});
    b.set("axis", 2);
    return y;
  });
  refuse("laid out differently", [](OnnxBuilder& b) {
    const auto y = b.node("Concat", {"x", b.node("Flatten", {"x"})});
    b.set("axis", 1);
    return y;
  });
  refuse("network's end only",
         [](OnnxBuilder& b) { return b.node("Relu", {b.node("Softmax", {b.node("Flatten", {"x"})})}); });
}

TEST(OnnxSpellings, ComputedSizes) {
  // view(2 * n / 2, -1) of a shape, with a Slice of it and a list made by ConstantOfShape
  OnnxBuilder onnx({1, 2, 2, 2});
  onnx.ints("zero", {0});
  onnx.ints("one", {1});
  onnx.ints("two", {2});
  const auto n = onnx.node("Slice", {onnx.node("Shape", {"x"}), "zero", "one"});
  const auto doubled = onnx.node("Div", {onnx.node("Mul", {n, "two"}), "two"});
  const auto minus = onnx.node("Sub", {onnx.node("Sub", {"one", "one"}), "one"});
  const auto shape = onnx.node("Concat", {doubled, minus});
  onnx.set("axis", 0);
  EXPECT_EQ(onnx.read(onnx.node("Reshape", {"x", shape})).output_shape(), (Shape{8, 1, 1}));
}

TEST(OnnxSpellings, HalfPrecisionWeights) {
  OnnxBuilder onnx({1, 5});
  auto* tensor = onnx.model().mutable_graph()->add_initializer();
  tensor->set_name("w");
  tensor->set_data_type(onnx::TensorProto::FLOAT16);
  tensor->add_dims(5);
  tensor->add_dims(1);
  for (const int bits : {0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555}) tensor->add_int32_data(bits);
  const Graph graph = onnx.read(onnx.node("MatMul", {"x", "w"}));
  EXPECT_THAT(std::get<Linear>(graph.nodes[1].layer).weights, ElementsAre(1, -2, 0x1p-24F, 65504, 0.333251953125F));
}

TEST(OnnxSpellings, HalfPrecisionInfinityIsRefused) {
  OnnxBuilder onnx({1, 1});
  auto* tensor = onnx.model().mutable_graph()->add_initializer();
  tensor->set_name("w");
  tensor->set_data_type(onnx::TensorProto::FLOAT16);
  tensor->add_dims(1);
  tensor->add_dims(1);
  tensor->add_int32_data(0x7c00);
  const auto y = onnx.node("MatMul", {"x", "w"});
  expect_refused<FormatError>(onnx, y, "not a finite number");
}

}  // namespace
}  // namespace obscura::nn
