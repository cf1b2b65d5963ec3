#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"
#include "nn/onnx_builder.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

/// Slices, shuffles, flips, paddings: whatever moves values about is one layer that says where each comes from.
namespace obscura::nn {
namespace {

using testing::Dims;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using testing::ramp;
using ::testing::ThrowsMessage;

std::vector<std::string> layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(layer_name(node.layer));
  return names;
}

/// A value as a function of its place, by definition.
using At = std::function<double(std::size_t c, std::size_t y, std::size_t x)>;

/// The network's output is this image, also after writing and reading it, and where OpenCV runs it for three images.
void expect_image(const Graph& graph, const Shape& shape, const At& at) {
  EXPECT_EQ(graph.output_shape(), shape);
  const std::size_t size = graph.input_shape().size();
  std::vector<double> expected;
  for (std::size_t c = 0; c < shape.channels; ++c) {
    for (std::size_t y = 0; y < shape.height; ++y) {
      for (std::size_t x = 0; x < shape.width; ++x) expected.push_back(at(c, y, x));
    }
  }
  std::vector<float> image(size);
  std::iota(image.begin(), image.end(), 0.0F);
  EXPECT_EQ(run_reference(graph, image), expected);
  const auto bytes = to_onnx(graph);
  const Graph back = read_onnx(bytes, "memory");
  EXPECT_EQ(layers(back), layers(graph)) << "comes back as the layers that it was";
  EXPECT_EQ(run_reference(back, image), expected);
  EXPECT_EQ(to_onnx(back), bytes);
  std::vector<float> images = image;
  for (int more = 1; more < 3; ++more) {
    for (const float v : image) images.push_back(v + 100.0F * static_cast<float>(more));
  }
  const auto out = Reference(graph).run(images);
  ASSERT_EQ(out.size(), 3 * expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(out[i], static_cast<float>(expected[i])) << i;
}

/// The value of the input image at a place.
At input(const Shape& in) {
  return [in](std::size_t c, std::size_t y, std::size_t x) {
    return static_cast<double>((c * in.height + y) * in.width + x);
  };
}

TEST(Rearrange, StridedAndCroppedSlices) {
  const Shape in{3, 6, 8};
  const At x = input(in);
  OnnxBuilder strided({-1, 3, 6, 8});
  const auto y = strided.node("Slice", {"x", strided.ints("s", {0, 1}), strided.ints("e", {6, INT64_MAX}),
                                        strided.ints("a", {2, 3}), strided.ints("t", {2, 3})});
  expect_image(strided.read(y), {3, 3, 3}, [&](auto c, auto r, auto k) { return x(c, 2 * r, 1 + 3 * k); });
  OnnxBuilder cropped({-1, 3, 6, 8}, 9);
  const auto z = cropped.node("Slice", {"x"});
  cropped.set("starts", Dims{1, -4, 2}).set("ends", Dims{3, -1, 8}).set("axes", Dims{1, 2, 3});
  expect_image(cropped.read(z), {2, 3, 6}, [&](auto c, auto r, auto k) { return x(c + 1, r + 2, k + 2); });
  OnnxBuilder flipped({-1, 3, 6, 8});
  const auto f = flipped.node("Slice", {"x", flipped.ints("s", {-1}), flipped.ints("e", {INT64_MIN}),
                                        flipped.ints("a", {3}), flipped.ints("t", {-1})});
  expect_image(flipped.read(f), {3, 6, 8}, [&](auto c, auto r, auto k) { return x(c, r, 7 - k); });
}

TEST(Rearrange, TheShortcutOfTheCifarResNet) {
  // x[:, :, ::2, ::2], then a quarter of the channels as zeros on either side, as F.pad exports it.
  OnnxBuilder onnx({-1, 4, 6, 6});
  const auto s = onnx.node("Slice", {"x", onnx.ints("s", {0, 0}), onnx.ints("e", {INT64_MAX, INT64_MAX}),
                                     onnx.ints("a", {2, 3}), onnx.ints("t", {2, 2})});
  const auto y = onnx.node("Pad", {s, onnx.ints("p", {0, 2, 0, 0, 0, 2, 0, 0})});
  const Graph graph = onnx.read(y);
  EXPECT_THAT(layers(graph), ElementsAre("Input", "Rearrange")) << "one layer";
  const At x = input({4, 6, 6});
  expect_image(graph, {8, 3, 3}, [&](std::size_t c, std::size_t r, std::size_t k) {
    return c < 2 || c >= 6 ? 0 : x(c - 2, 2 * r, 2 * k);
  });
}

TEST(Rearrange, PaddedChannelsMayHoldAnotherValue) {
  OnnxBuilder onnx({-1, 2, 3, 3});
  onnx.floats("v", {}, {7});
  const auto y = onnx.node("Pad", {"x", onnx.ints("p", {0, 1, 0, -1, 0, 0, 1, 0}), "v"});
  const At x = input({2, 3, 3});
  expect_image(onnx.read(y), {3, 4, 2},
               [&](std::size_t c, std::size_t r, std::size_t k) { return c == 0 || r == 3 ? 7 : x(c - 1, r, k + 1); });
}

TEST(Rearrange, SplitAndConcat) {
  OnnxBuilder onnx({-1, 6, 2, 2});
  auto* split = onnx.model().mutable_graph()->add_node();
  split->set_op_type("Split");
  split->set_name("chunk");
  split->add_input("x");
  split->add_input(onnx.ints("sizes", {1, 2, 3}));
  for (const char* part : {"a", "b", "c"}) split->add_output(part);
  auto* axis = split->add_attribute();
  axis->set_name("axis");
  axis->set_type(onnx::AttributeProto::INT);
  axis->set_i(1);
  const auto y = onnx.node("Concat", {"c", "a", "b"});
  onnx.set("axis", 1);
  const At x = input({6, 2, 2});
  expect_image(onnx.read(y), {6, 2, 2},
               [&](std::size_t c, std::size_t r, std::size_t k) { return x((c + 3) % 6, r, k); });
}

TEST(Rearrange, ChannelShuffleByReshapeAndTranspose) {
  OnnxBuilder onnx({-1, 6, 3, 4});
  const auto wide = onnx.node("Reshape", {"x", onnx.ints("s", {0, 2, 3, 3, 4})});
  const auto turned = onnx.node("Transpose", {wide});
  onnx.set("perm", Dims{0, 2, 1, 3, 4});
  const Graph graph = onnx.read(onnx.node("Reshape", {turned, onnx.ints("t", {0, 6, 3, 4})}));
  EXPECT_THAT(layers(graph), ElementsAre("Input", "Rearrange"));
  const At x = input({6, 3, 4});
  expect_image(graph, {6, 3, 4},
               [&](std::size_t c, std::size_t r, std::size_t k) { return x(c % 2 * 3 + c / 2, r, k); });
}

TEST(Rearrange, PixelShufflesBothWaysAndSpellings) {
  const At x = input({8, 2, 3});
  for (const bool rows_first : {true, false}) {
    OnnxBuilder onnx({-1, 8, 2, 3});
    const auto y = onnx.node("DepthToSpace", {"x"});
    onnx.set("blocksize", 2).set("mode", std::string(rows_first ? "CRD" : "DCR"));
    expect_image(onnx.read(y), {2, 4, 6}, [&](std::size_t c, std::size_t r, std::size_t k) {
      const std::size_t block = r % 2 * 2 + k % 2;
      return x(rows_first ? 4 * c + block : 2 * block + c, r / 2, k / 2);
    });
  }
  OnnxBuilder parts({-1, 8, 2, 3});  // nn.PixelShuffle(2) of old exporters
  const auto wide = parts.node("Reshape", {"x", parts.ints("s", {1, 2, 2, 2, 2, 3})});
  const auto turned = parts.node("Transpose", {wide});
  parts.set("perm", Dims{0, 1, 4, 2, 5, 3});
  expect_image(parts.read(parts.node("Reshape", {turned, parts.ints("t", {1, 2, 4, 6})})), {2, 4, 6},
               [&](std::size_t c, std::size_t r, std::size_t k) { return x(4 * c + r % 2 * 2 + k % 2, r / 2, k / 2); });
  OnnxBuilder down({-1, 2, 4, 6});
  const auto y = down.node("SpaceToDepth", {"x"});
  down.set("blocksize", 2);
  const At z = input({2, 4, 6});
  expect_image(down.read(y), {8, 2, 3},
               [&](std::size_t c, std::size_t r, std::size_t k) { return z(c % 2, 2 * r + c / 4, 2 * k + c / 2 % 2); });
}

TEST(Rearrange, GathersAndTransposedImages) {
  const At x = input({3, 2, 4});
  OnnxBuilder swapped({-1, 3, 2, 4});  // rgb to bgr
  const auto y = swapped.node("Gather", {"x", swapped.ints("i", {2, 1, -3})});
  swapped.set("axis", 1);
  expect_image(swapped.read(y), {3, 2, 4}, [&](std::size_t c, std::size_t r, std::size_t k) { return x(2 - c, r, k); });
  OnnxBuilder turned({-1, 3, 2, 4});
  const auto z = turned.node("Transpose", {"x"});
  turned.set("perm", Dims{0, 1, 3, 2});
  expect_image(turned.read(z), {3, 4, 2}, [&](std::size_t c, std::size_t r, std::size_t k) { return x(c, k, r); });
}

TEST(Rearrange, NearestUpsampling) {
  const At x = input({2, 3, 2});
  const auto twice = [&](std::size_t c, std::size_t r, std::size_t k) { return x(c, r / 2, k / 3); };
  for (const char* where : {"asymmetric", "half_pixel", "pytorch_half_pixel"}) {
    SCOPED_TRACE(where);
    OnnxBuilder onnx({-1, 2, 3, 2});
    onnx.floats("scales", {4}, {1, 1, 2, 3});
    const auto y = onnx.node("Resize", {"x", "", "scales"});
    onnx.set("mode", std::string("nearest")).set("coordinate_transformation_mode", std::string(where));
    onnx.set("nearest_mode", std::string(std::string(where) == "asymmetric" ? "floor" : "round_prefer_floor"));
    expect_image(onnx.read(y), {2, 6, 6}, twice);
  }
  OnnxBuilder sized({-1, 2, 3, 2});
  const auto y = sized.node("Resize", {"x", "", "", sized.ints("sizes", {1, 2, 6, 6})});
  expect_image(sized.read(y), {2, 6, 6}, twice);
  OnnxBuilder old({-1, 2, 3, 2}, 9);
  old.floats("scales", {4}, {1, 1, 2, 3});
  expect_image(old.read(old.node("Upsample", {"x", "scales"})), {2, 6, 6}, twice);
  OnnxBuilder smooth({-1, 2, 3, 2});
  smooth.floats("scales", {4}, {1, 1, 2, 2});
  const auto z = smooth.node("Resize", {"x", "", "scales"});
  smooth.set("mode", std::string("linear"));
  EXPECT_THAT([&] { smooth.read(z); }, ThrowsMessage<UnsupportedError>(HasSubstr("interpolates")));
}

TEST(Rearrange, SumsAndMeansOverSides) {
  OnnxBuilder onnx({-1, 2, 2, 3});
  const auto y = onnx.node("ReduceSum", {"x", onnx.ints("a", {-1})});
  const auto flat = onnx.node("Flatten", {y});
  EXPECT_THAT(run_reference(onnx.read(flat), ramp(12, 1.0F)), ElementsAre(6, 15, 24, 33));
  OnnxBuilder mean({-1, 2, 2, 3});
  const auto z = mean.node("ReduceMean", {"x"});
  mean.set("axes", Dims{2}).set("keepdims", 0);
  const Graph graph = mean.read(mean.node("Flatten", {z}));
  EXPECT_THAT(run_reference(graph, ramp(12, 1.0F)), ElementsAre(2.5, 3.5, 4.5, 8.5, 9.5, 10.5));
}

TEST(Rearrange, TensorsThatOthersReadAreLeftAlone) {
  // The slice is read by what shuffles it further and by the sum: it must stay as it is for the sum.
  OnnxBuilder onnx({-1, 2, 4, 4});
  const auto s = onnx.node(
      "Slice", {"x", onnx.ints("s", {0, 0}), onnx.ints("e", {4, 4}), onnx.ints("a", {2, 3}), onnx.ints("t", {2, 2})});
  const auto same = onnx.node("Identity", {s});
  const auto f = onnx.node("Slice", {same, onnx.ints("fs", {-1}), onnx.ints("fe", {INT64_MIN}), onnx.ints("fa", {3}),
                                     onnx.ints("ft", {-1})});
  const auto y = onnx.node("Add", {f, onnx.node("Identity", {s})});
  const At x = input({2, 4, 4});
  expect_image(onnx.read(y), {2, 2, 2}, [&](std::size_t c, std::size_t r, std::size_t k) {
    return x(c, 2 * r, 2 * k) + x(c, 2 * r, 2 - 2 * k);
  });
}

TEST(Rearrange, PaddingBeforeAConvolutionIsNotTakenFromOthersByAnotherName) {
  OnnxBuilder onnx({-1, 1, 3, 3});
  const auto p = onnx.node("Pad", {"x", onnx.ints("p", {0, 0, 1, 1, 0, 0, 1, 1})});
  onnx.floats("w", {1, 1, 3, 3}, ramp(9, 1.0F));
  const auto a = onnx.node("Conv", {onnx.node("Identity", {p}), "w"});
  const auto b = onnx.node("Conv", {onnx.node("Identity", {p}), "w"});
  const Graph graph = onnx.read(onnx.node("Add", {a, b}));
  OnnxBuilder once({-1, 1, 3, 3});
  const auto q = once.node("Pad", {"x", once.ints("p", {0, 0, 1, 1, 0, 0, 1, 1})});
  once.floats("w", {1, 1, 3, 3}, ramp(9, 2.0F));
  EXPECT_EQ(run_reference(graph, ramp(9, 1.0F)), run_reference(once.read(once.node("Conv", {q, "w"})), ramp(9, 1.0F)));
}

TEST(Rearrange, ImagesWithTheChannelsLast) {
  OnnxBuilder onnx({-1, 4, 5, 3});
  const auto turned = onnx.node("Transpose", {"x"});
  onnx.set("perm", Dims{0, 3, 1, 2});
  onnx.floats("w", {1, 3, 4, 5}, ramp(60));
  const Graph graph = onnx.read(onnx.node("Conv", {turned, "w"}));
  EXPECT_EQ(graph.input_shape(), (Shape{3, 4, 5})) << "the same image, channels first as Obscura has them";
  EXPECT_THAT(layers(graph), ElementsAre("Input", "Conv2d"));
}

TEST(Rearrange, FlatInputsAreTheImageThatIsStated) {
  OnnxBuilder onnx({-1, 12});
  onnx.floats("w", {12, 1}, ramp(12, 1.0F));
  const std::string bytes = onnx.bytes(onnx.node("MatMul", {"x", "w"}));
  const auto span = std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  EXPECT_EQ(read_onnx(span, "flat").input_shape(), (Shape{12, 1, 1}));
  const Graph graph = read_onnx(span, "flat", {1, 3, 4});
  EXPECT_EQ(graph.input_shape(), (Shape{1, 3, 4}));
  EXPECT_THAT(run_reference(graph, ramp(12, 1.0F)), ElementsAre(650));
  EXPECT_EQ(read_onnx(to_onnx(graph), "memory").input_shape(), (Shape{1, 3, 4})) << "the file says it from then on";
  EXPECT_THAT(
      [&] {
        read_onnx(span, "flat", {1, 3, 5});
      },
      ThrowsMessage<MismatchError>(HasSubstr("no image of 1x3x5")));
  auto* entry = onnx.model().add_metadata_props();
  entry->set_key(kInputKey);
  entry->set_value("1x4x3");
  EXPECT_EQ(OnnxBuilder::read_bytes(onnx.model().SerializeAsString()).input_shape(), (Shape{1, 4, 3}));
  entry->set_value("4x3");
  EXPECT_THROW(OnnxBuilder::read_bytes(onnx.model().SerializeAsString()), FormatError);
}

TEST(Rearrange, InputsOfThreeAxesWithASymbolicBatch) {
  OnnxBuilder onnx({-1, 1, 12});
  const auto flat = onnx.node("Flatten", {"x"});
  onnx.floats("w", {12, 1}, ramp(12, 1.0F));
  const std::string bytes = onnx.bytes(onnx.node("MatMul", {flat, "w"}));
  const auto span = std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  EXPECT_THAT([&] { read_onnx(span, "rows"); }, ThrowsMessage<UnsupportedError>(HasSubstr("--input 1x1x12")));
  EXPECT_THAT(run_reference(read_onnx(span, "rows", {1, 4, 3}), ramp(12, 1.0F)), ElementsAre(650));
}

TEST(Rearrange, WhatDoesNotFitIsRefused) {
  const auto refuse = [](const char* message, const std::function<std::string(OnnxBuilder&)>& build) {
    SCOPED_TRACE(message);
    OnnxBuilder onnx({-1, 2, 4, 4});
    const std::string y = build(onnx);
    EXPECT_THAT([&] { onnx.read(y); }, ThrowsMessage<Error>(HasSubstr(message)));
  };
  refuse("empty", [](OnnxBuilder& b) {
    return b.node("Slice", {"x", b.ints("s", {3}), b.ints("e", {3}), b.ints("a", {2})});
  });
  refuse("step of 0", [](OnnxBuilder& b) {
    return b.node("Slice", {"x", b.ints("s", {0}), b.ints("e", {3}), b.ints("a", {2}), b.ints("t", {0})});
  });
  refuse("no order of its axes", [](OnnxBuilder& b) {
    const auto y = b.node("Transpose", {"x"});
    b.set("perm", Dims{0, 1, 1, 2});
    return y;
  });
  refuse("not there", [](OnnxBuilder& b) {
    const auto y = b.node("Gather", {"x", b.ints("i", {2})});
    b.set("axis", 1);
    return y;
  });
  refuse("crops all there is", [](OnnxBuilder& b) {
    return b.node("Pad", {"x", b.ints("p", {0, 0, -2, 0, 0, 0, -2, 0})});
  });
  refuse("pads the batch", [](OnnxBuilder& b) { return b.node("Pad", {"x", b.ints("p", {1, 0, 0, 0, 0, 0, 0, 0})}); });
}

}  // namespace
}  // namespace obscura::nn
