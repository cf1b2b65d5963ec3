#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/classifier.h"
#include "nn/onnx_builder.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

/// What a file does to its logits at the end is left to the owner; what it is called on the way is what the user calls
/// it.
namespace obscura::nn {
namespace {

using testing::Dims;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using testing::ramp;
using ::testing::ThrowsMessage;

/// A dense layer of so many outputs with this behind it, and more behind that.
Graph headed(const std::string& type, std::int64_t outputs, bool view = false) {
  OnnxBuilder onnx({-1, 1, 2, 2});
  onnx.floats("w", {4, outputs}, ramp(static_cast<std::size_t>(4 * outputs)));
  std::string y = onnx.node("MatMul", {onnx.node("Flatten", {"x"}), "w"});
  if (!type.empty()) y = onnx.node(type, {y});
  if (view) y = onnx.node("Identity", {onnx.node("Reshape", {y, onnx.ints("s", {-1})})});
  return onnx.read(y);
}

TEST(OnnxHeads, AreLeftToTheOwnerAndWrittenAgain) {
  const std::pair<const char*, Head> kinds[] = {
      {"", Head::none}, {"Softmax", Head::softmax}, {"LogSoftmax", Head::log_softmax}, {"Sigmoid", Head::sigmoid}};
  for (const auto& [type, head] : kinds) {
    for (const bool view : {false, true}) {
      SCOPED_TRACE(type);
      const Graph graph = headed(type, 3, view);
      EXPECT_EQ(graph.head, head);
      EXPECT_EQ(layer_name(graph.nodes.back().layer), "Linear");
      EXPECT_EQ(graph.notes.size(), head == Head::none ? 0U : 1U);
      const Graph back = read_onnx(to_onnx(graph), "memory");
      EXPECT_EQ(back.head, head);
      EXPECT_EQ(run_reference(back, ramp(4)), run_reference(graph, ramp(4)));
      EXPECT_EQ(fold_batch_norms(graph).head, head);
    }
  }
}

TEST(OnnxHeads, OneOutputIsASigmoidOrALogit) {
  EXPECT_EQ(headed("Sigmoid", 1).head, Head::sigmoid);
  EXPECT_EQ(headed("", 1).head, Head::none);
  EXPECT_THAT([] { headed("Softmax", 1); }, ThrowsMessage<UnsupportedError>(HasSubstr("the same for every image")));
}

TEST(OnnxHeads, InsideTheNetworkASigmoidIsAnActivationAndASoftmaxRefused) {
  OnnxBuilder onnx({-1, 4});
  onnx.floats("w", {4, 4}, ramp(16));
  const Graph graph = onnx.read(onnx.node("MatMul", {onnx.node("Sigmoid", {"x"}), "w"}));
  EXPECT_EQ(graph.head, Head::none);
  EXPECT_EQ(layer_name(graph.nodes[1].layer), "Sigmoid");
  OnnxBuilder soft({-1, 4});
  soft.floats("w", {4, 4}, ramp(16));
  const auto y = soft.node("MatMul", {soft.node("Softmax", {"x"}), "w"});
  EXPECT_THAT([&] { soft.read(y); }, ThrowsMessage<UnsupportedError>(HasSubstr("network's end only")));
}

TEST(OnnxHeads, SoftmaxOverOneAxisOfAnImageOfOnePixel) {
  OnnxBuilder onnx({-1, 3, 1, 1});
  onnx.floats("w", {2, 3, 1, 1}, ramp(6));
  const auto y = onnx.node("Softmax", {onnx.node("Conv", {"x", "w"})});
  onnx.set("axis", 1);
  EXPECT_EQ(onnx.read(onnx.node("Flatten", {y})).head, Head::softmax);
}

TEST(OnnxHeads, TwoNamesForOneOutput) {
  const auto names = [](const char* text) {
    OnnxBuilder onnx({-1, 4});
    onnx.floats("w", {4, 1}, ramp(4));
    auto* entry = onnx.model().add_metadata_props();
    entry->set_key("classes");
    entry->set_value(text);
    return onnx.read(onnx.node("MatMul", {"x", "w"})).preprocessing.classes;
  };
  EXPECT_THAT(names("healthy\nill"), ElementsAre("healthy", "ill"));
  EXPECT_THAT(names("healthy,ill"), ElementsAre("healthy", "ill"));
  EXPECT_THAT(names("crack"), ElementsAre("crack"));
  EXPECT_THAT([&] { names("a\nb\nc"); }, ThrowsMessage<FormatError>(HasSubstr("3 names")));
}

TEST(OnnxHeads, OnlyVectorsAreClassesAndOnlyImagesAreSeen) {
  OnnxBuilder onnx({-1, 1, 4, 4});
  onnx.floats("w", {4, 1, 3, 3}, ramp(36));
  const Graph image = onnx.read(onnx.node("Conv", {"x", "w"}));
  EXPECT_THAT([&] { check_classifier(image); },
              ThrowsMessage<UnsupportedError>(::testing::AllOf(HasSubstr("4x2x2"), HasSubstr("global average pool"))));
  OnnxBuilder flat({-1, 784});
  flat.floats("w", {784, 2}, ramp(1568));
  const Graph numbers = flat.read(flat.node("MatMul", {"x", "w"}));
  EXPECT_THAT([&] { check_classifier(numbers); }, ThrowsMessage<UnsupportedError>(::testing::AllOf(
                                                      HasSubstr("784 numbers"), HasSubstr("--input 1x28x28"))));
  EXPECT_NO_THROW(check_classifier(headed("Softmax", 3)));
}

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.name + ":" + layer_name(node.layer));
  return names;
}

TEST(OnnxNames, LayersKeepTheirOwnWhateverComesBehindThem) {
  OnnxBuilder onnx({-1, 2, 4, 4});
  const auto relu = onnx.node("Relu", {"x"});
  const auto pad = onnx.node("Pad", {relu, onnx.ints("p", {0, 0, 0, 0, 0, 0, 0, 0})});
  const auto view = onnx.node("Reshape", {onnx.node("Identity", {pad}), onnx.ints("s", {1, 2, 4, 4})});
  const auto pool = onnx.node("GlobalAveragePool", {view});
  EXPECT_THAT(names_of(onnx.read(pool)), ElementsAre("x:Input", relu + ":ReLU", pool + ":AvgPool"));
}

TEST(OnnxNames, PreluIsCalledPrelu) {
  for (const std::size_t slopes : {1, 2}) {
    OnnxBuilder onnx({-1, 2, 4, 4});
    onnx.floats("s", {static_cast<std::int64_t>(slopes), 1, 1}, ramp(slopes));
    const auto y = onnx.node("PRelu", {"x", "s"});
    EXPECT_EQ(names_of(onnx.read(y))[1], y + ":PReLU");
  }
}

TEST(OnnxNames, AScaleBehindAnActivationIsALayerOfItsOwn) {
  OnnxBuilder onnx({-1, 2, 4, 4});
  onnx.floats("two", {}, {2});
  const auto relu = onnx.node("Relu", {"x"});
  const auto mul = onnx.node("Mul", {relu, "two"});
  EXPECT_THAT(names_of(onnx.read(mul)), ElementsAre("x:Input", relu + ":ReLU", mul + ":BatchNorm"));
}

TEST(OnnxNames, NodesWithoutNamesAreCalledByOperatorAndOutput) {
  OnnxBuilder onnx({-1, 1, 4, 4});
  const auto y = onnx.node("GlobalLpPool", {"x"});
  onnx.model().mutable_graph()->mutable_node(0)->clear_name();
  onnx.model().mutable_graph()->mutable_node(0)->set_output(0, "17");
  EXPECT_THAT([&] { onnx.read("17"); }, ThrowsMessage<UnsupportedError>(::testing::AllOf(
                                            HasSubstr("'GlobalLpPool_17'"), HasSubstr("average pooling"))));
}

}  // namespace
}  // namespace obscura::nn
