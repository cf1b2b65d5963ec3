#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/onnx_builder.h"
#include "nn/reference.h"

/// What cannot run is called what it is, and only where the output needs it.
namespace obscura::nn {
namespace {

using ::testing::AllOf;
using testing::Dims;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using testing::ramp;
using ::testing::ThrowsMessage;

void refuse(const char* message, const std::function<std::string(OnnxBuilder&)>& build, std::int64_t opset = 13) {
  SCOPED_TRACE(message);
  OnnxBuilder onnx({-1, 4, 4, 4}, opset);
  const std::string y = build(onnx);
  EXPECT_THAT([&] { onnx.read(y); }, ThrowsMessage<UnsupportedError>(HasSubstr(message)));
}

/// (x - mean) / sqrt(mean((x - mean)^2) + epsilon) over these axes.
std::string written_out(OnnxBuilder& b, const std::string& x, const Dims& axes, bool pow = true) {
  const auto mean = b.node("ReduceMean", {x});
  b.set("axes", axes);
  const auto centred = b.node("Sub", {x, mean});
  b.floats("two", {}, {2});
  b.floats("epsilon", {}, {1e-5F});
  const auto square = pow ? b.node("Pow", {centred, "two"}) : b.node("Mul", {centred, centred});
  const auto variance = b.node("ReduceMean", {square});
  b.set("axes", axes);
  const auto root = b.node("Sqrt", {b.node("Add", {variance, "epsilon"})});
  return b.node("Div", {centred, root});
}

TEST(OnnxRefusals, NormalisationsByTheirNames) {
  refuse("LayerNorm", [](OnnxBuilder& b) { return written_out(b, "x", {-1}); });
  refuse("LayerNorm", [](OnnxBuilder& b) { return written_out(b, "x", {1, 2, 3}, false); });
  refuse("InstanceNorm", [](OnnxBuilder& b) { return written_out(b, "x", {2, 3}); });
  refuse("GroupNorm", [](OnnxBuilder& b) {
    return written_out(b, b.node("Reshape", {"x", b.ints("groups", {0, 2, -1})}), {2});
  });
  refuse("RMSNorm", [](OnnxBuilder& b) {
    const auto mean = b.node("ReduceMean", {b.node("Mul", {"x", "x"})});
    b.set("axes", Dims{1});
    return b.node("Div", {"x", b.node("Sqrt", {mean})});
  });
  refuse("(GroupNorm): retrain with batch normalisation", [](OnnxBuilder& b) {
    b.floats("s", {2}, {1, 1});
    return b.node("InstanceNormalization", {b.node("Reshape", {"x", b.ints("groups", {0, 2, -1})}), "s", "s"});
  });
  refuse("(InstanceNorm): retrain with batch normalisation", [](OnnxBuilder& b) {
    b.floats("s", {4}, ramp(4));
    return b.node("InstanceNormalization", {"x", "s", "s"});
  });
}

TEST(OnnxRefusals, SayWhatToDoAndListNoOperators) {
  OnnxBuilder onnx({-1, 1, 4, 4});
  const auto y = onnx.node("GlobalLpPool", {"x"});
  try {
    onnx.read(y);
    FAIL();
  } catch (const UnsupportedError& e) {
    EXPECT_LT(std::string(e.what()).size(), 160U) << e.what();
  }
}

TEST(OnnxRefusals, DeadBranchesAreNotLookedAt) {
  OnnxBuilder onnx({-1, 2});
  const auto dead = onnx.node("GlobalLpPool", {"x"});
  onnx.node("NonZero", {dead});
  auto* text = onnx.model().mutable_graph()->add_initializer();
  text->set_name("unread");
  text->set_data_type(onnx::TensorProto::STRING);
  text->add_dims(1);
  text->add_string_data("nobody reads this");
  onnx.floats("w", {2, 1}, {1, 10});
  const auto y = onnx.node("MatMul", {"x", "w"});
  EXPECT_THAT(run_reference(onnx.read(y), ramp(2, 1.0F)), ElementsAre(21));
}

TEST(OnnxRefusals, OutputsNeedNoShape) {
  OnnxBuilder onnx({-1, 2});
  onnx.floats("w", {2, 1}, {1, 10});
  const auto y = onnx.node("MatMul", {"x", "w"});
  for (const bool type : {true, false}) {
    onnx.model().mutable_graph()->clear_output();
    auto* output = onnx.model().mutable_graph()->add_output();
    output->set_name(y);
    if (type) output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    EXPECT_THAT(run_reference(OnnxBuilder::read_bytes(onnx.model().SerializeAsString()), ramp(2, 1.0F)),
                ElementsAre(21));
  }
}

std::string truth(OnnxBuilder& onnx, bool value) {
  auto* tensor = onnx.model().mutable_graph()->add_initializer();
  tensor->set_name("training");
  tensor->set_data_type(onnx::TensorProto::BOOL);
  tensor->add_int32_data(value ? 1 : 0);
  return "training";
}

TEST(OnnxRefusals, TrainingFormsAndOnlyThey) {
  for (const bool training : {false, true}) {
    OnnxBuilder onnx({-1, 2});
    onnx.floats("ratio", {}, {0.5F});
    onnx.floats("w", {2, 1}, {1, 10});
    const auto dropped = onnx.node("Dropout", {"x", "ratio", truth(onnx, training)});
    const auto y = onnx.node("MatMul", {dropped, "w"});
    if (training) {
      EXPECT_THAT([&] { onnx.read(y); }, ThrowsMessage<UnsupportedError>(HasSubstr("model.eval()")));
    } else {
      EXPECT_THAT(run_reference(onnx.read(y), ramp(2, 1.0F)), ElementsAre(21));
    }
  }
  const auto norm = [](std::int64_t opset, int outputs, int mode) {
    OnnxBuilder onnx({-1, 2, 2, 2}, opset);
    onnx.floats("s", {2}, {1, 2});
    const auto y = onnx.node("BatchNormalization", {"x", "s", "s", "s", "s"});
    auto* node = onnx.model().mutable_graph()->mutable_node(0);
    for (int i = 1; i < outputs; ++i) node->add_output("more" + std::to_string(i));
    if (mode >= 0) onnx.set("training_mode", mode);
    return onnx.read(y);
  };
  EXPECT_NO_THROW(norm(14, 1, 0));
  EXPECT_NO_THROW(norm(9, 1, -1));
  EXPECT_THAT([&] { norm(9, 5, -1); }, ThrowsMessage<UnsupportedError>(HasSubstr("training form")));
  EXPECT_THAT([&] { norm(14, 3, 1); }, ThrowsMessage<UnsupportedError>(HasSubstr("training form")));
}

TEST(OnnxRefusals, SizesThroughOtherTypes) {
  // F.interpolate(x, scale_factor=2) of a scripted export: Shape, Gather, Cast, Mul, Floor, Cast, Concat, Resize.
  OnnxBuilder onnx({-1, 1, 2, 2});
  onnx.floats("factor", {1}, {2});
  const auto shape = onnx.node("Shape", {"x"});
  const auto side = [&](std::int64_t axis) {
    const auto one = onnx.node("Gather", {shape, onnx.ints("axis" + std::to_string(axis), {axis})});
    const auto real = onnx.node("Cast", {one});
    onnx.set("to", static_cast<int>(onnx::TensorProto::FLOAT));
    const auto whole = onnx.node("Cast", {onnx.node("Floor", {onnx.node("Mul", {real, "factor"})})});
    onnx.set("to", static_cast<int>(onnx::TensorProto::INT64));
    return whole;
  };
  const auto height = side(2), width = side(3);
  const auto start = onnx.node("Slice", {shape, onnx.ints("zero", {0}), onnx.ints("two", {2})});
  const auto sizes = onnx.node("Concat", {start, height, width});
  onnx.set("axis", 0);
  const Graph graph = onnx.read(onnx.node("Resize", {"x", "", "", sizes}));
  EXPECT_EQ(graph.output_shape(), (Shape{1, 4, 4}));
  EXPECT_THAT(run_reference(graph, ramp(4, 1.0F)), ElementsAre(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4));
}

}  // namespace
}  // namespace obscura::nn
