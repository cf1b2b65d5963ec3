#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "nn/graphs.h"
#include "nn/onnx_builder.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

namespace obscura::nn {
namespace {

using testing::Dims;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using ::testing::ThrowsMessage;

/// By its definition, window after window.
std::vector<float> largest_of_windows(const std::vector<float>& x, const Shape& in, const MaxPool& pool) {
  const auto side = [&](std::size_t i) { return static_cast<int>(i); };
  const int height = side(in.height), width = side(in.width);
  const int bottom = height + side(pool.padding[2]), right = width + side(pool.padding[3]);
  std::vector<float> out;
  for (std::size_t c = 0; c < in.channels; ++c) {
    for (int y = -side(pool.padding[0]); y + side(pool.kernel[0]) <= bottom; y += side(pool.stride[0])) {
      for (int x0 = -side(pool.padding[1]); x0 + side(pool.kernel[1]) <= right; x0 += side(pool.stride[1])) {
        float largest = -std::numeric_limits<float>::infinity();
        for (int row = std::max(y, 0); row < std::min(y + side(pool.kernel[0]), height); ++row) {
          for (int column = std::max(x0, 0); column < std::min(x0 + side(pool.kernel[1]), width); ++column) {
            largest = std::max(
                largest,
                x[(c * in.height + static_cast<std::size_t>(row)) * in.width + static_cast<std::size_t>(column)]);
          }
        }
        out.push_back(largest);
      }
    }
  }
  return out;
}

Graph pooled(const Shape& in, const MaxPool& pool) {
  Graph graph = make_graph("pooled", in);
  add_node(graph, "pool", pool, {0});
  return graph;
}

TEST(MaxPool, AgreesWithADirectLoopOnEverySide) {
  testing::Random random(1);
  for (int round = 0; round < 60; ++round) {
    const Shape in{random.size(1, 3), random.size(3, 11), random.size(3, 11)};
    MaxPool pool{{random.size(1, 3), random.size(1, 3)}, {random.size(1, 3), random.size(1, 3)}};
    for (std::size_t i = 0; i < 4 && round % 3 != 0; ++i) pool.padding[i] = random.size(0, pool.kernel[i % 2] - 1);
    SCOPED_TRACE(::testing::Message() << in.height << "x" << in.width << ", window " << pool.kernel[0] << "x"
                                      << pool.kernel[1] << " by " << pool.stride[0] << "x" << pool.stride[1]);
    auto x = random.floats(in.size(), 1.0F);
    // Below zero throughout: a zero from anywhere would win.
    if (round % 2 == 0) std::ranges::transform(x, x.begin(), [](float v) { return v - 2; });
    const auto expected = largest_of_windows(x, in, pool);
    const Graph graph = pooled(in, pool);
    ASSERT_EQ(graph.output_shape().size(), expected.size());
    const auto measured = run_reference(graph, x);
    EXPECT_TRUE(std::ranges::equal(measured, expected, [](double a, float b) { return a == static_cast<double>(b); }));
    EXPECT_EQ(Reference(graph).run(x), expected) << "OpenCV";
    const Graph back = read_onnx(to_onnx(graph), "memory");
    EXPECT_EQ(layer_name(back.nodes.back().layer), "MaxPool");
    EXPECT_EQ(std::get<MaxPool>(back.nodes.back().layer).kernel, pool.kernel);
    EXPECT_EQ(std::get<MaxPool>(back.nodes.back().layer).stride, pool.stride);
    EXPECT_EQ(std::get<MaxPool>(back.nodes.back().layer).padding, pool.padding);
  }
}

TEST(MaxPool, WindowsThatDoNotFitAreRefused) {
  EXPECT_EQ(pooled({2, 7, 5}, {{2, 2}, {2, 2}}).output_shape(), (Shape{2, 3, 2})) << "an odd row or column is left out";
  const auto refused = [](const MaxPool& pool) { return [pool] { pooled({1, 4, 4}, pool); }; };
  EXPECT_THAT(refused({{5, 1}, {1, 1}}), ThrowsMessage<FormatError>(HasSubstr("a window of 5 on an input of 4")));
  EXPECT_THAT(refused({{1, 1}, {0, 1}}), ThrowsMessage<FormatError>(HasSubstr("zero or too large")));
  EXPECT_THAT(refused({{0, 1}, {1, 1}}), ThrowsMessage<FormatError>(HasSubstr("zero or too large")));
  EXPECT_THAT(refused({{1, 1}, {1, std::size_t{1} << 62}}), ThrowsMessage<FormatError>(HasSubstr("too large")));
}

TEST(MaxPool, BatchNormsAreNotFoldedAcross) {
  Graph graph = make_graph("g", {1, 2, 2});
  add_node(graph, "conv", Conv2d{1, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}, {1}, {}}, {0});
  add_node(graph, "pool", MaxPool{{2, 2}, {2, 2}}, {1});
  add_node(graph, "norm", BatchNorm{{-1}, {0}}, {2});
  const std::vector<float> x{1, 2, 3, 4};
  EXPECT_THAT(run_reference(graph, x), ElementsAre(-4));
  EXPECT_THAT(run_reference(fold_batch_norms(graph), x), ElementsAre(-4)) << "the smallest would be -1";
}

/// A file with one MaxPool over 5 x 6 pixels whose attributes are `set` by who asks.
template <typename Set>
Graph read_pool(Set set) {
  OnnxBuilder onnx({-1, 2, 5, 6});
  const auto y = onnx.node("MaxPool", {"x"});
  set(onnx);
  return onnx.read(y);
}

TEST(MaxPool, IsReadInEverySpelling) {
  const auto strided = read_pool([](OnnxBuilder& b) { b.set("kernel_shape", Dims{3, 2}).set("strides", Dims{2, 2}); });
  EXPECT_EQ(strided.output_shape(), (Shape{2, 2, 3}));
  const auto plain = read_pool([](OnnxBuilder& b) { b.set("kernel_shape", Dims{2, 2}); });
  EXPECT_EQ(plain.output_shape(), (Shape{2, 4, 5})) << "strides are 1 where nothing is said";
  const auto whole = read_pool([](OnnxBuilder& b) {
    b.set("kernel_shape", Dims{3, 2}).set("strides", Dims{2, 2}).set("ceil_mode", 1).set("pads", Dims{0, 0, 0, 0});
    b.set("dilations", Dims{1, 1}).set("storage_order", 0).set("auto_pad", std::string("VALID"));
  });
  EXPECT_EQ(whole.output_shape(), (Shape{2, 2, 3})) << "a ceil_mode that changes nothing";
  const auto same = read_pool([](OnnxBuilder& b) {
    b.set("kernel_shape", Dims{1, 2}).set("strides", Dims{1, 2}).set("auto_pad", std::string("SAME_UPPER"));
  });
  EXPECT_EQ(same.output_shape(), (Shape{2, 5, 3})) << "an auto_pad that pads nothing";
  const auto stem = read_pool([](OnnxBuilder& b) {
    b.set("kernel_shape", Dims{3, 3}).set("strides", Dims{2, 2}).set("pads", Dims{1, 1, 1, 1});
  });
  EXPECT_EQ(stem.output_shape(), (Shape{2, 3, 3})) << "as residual networks begin";
  const auto over = read_pool([](OnnxBuilder& b) {
    b.set("kernel_shape", Dims{2, 2}).set("strides", Dims{2, 2}).set("ceil_mode", 1);
  });
  EXPECT_EQ(over.output_shape(), (Shape{2, 3, 3})) << "the last row of windows hangs over";
  const auto ramp = testing::ramp(60);
  EXPECT_EQ(run_reference(over, ramp).at(6), static_cast<double>(ramp[25])) << "the only row that it sees";
}

TEST(MaxPool, OfTheWholeImage) {
  OnnxBuilder onnx({1, 2, 2, 2});
  const auto y = onnx.node("GlobalMaxPool", {"x"});
  EXPECT_THAT(run_reference(onnx.read(y), std::vector<float>{-1, -2, -3, -4, 5, 8, 7, 6}), ElementsAre(-1, 8));
}

/// As x.amax((2, 3)) is exported, which many write for a global maximum pool.
TEST(MaxPool, AsAReduction) {
  const std::vector<float> x{-1, -2, -3, -4, 5, 8, 7, 6};
  const auto reduced = [&](const Dims& axes, std::int64_t keep) {
    OnnxBuilder onnx({1, 2, 2, 2});
    const auto y = onnx.node("ReduceMax", {"x"});
    onnx.set("axes", axes).set("keepdims", keep);
    return run_reference(onnx.read(y), x);
  };
  EXPECT_THAT(reduced({2, 3}, 1), ElementsAre(-1, 8));
  EXPECT_THAT(reduced({-1, -2}, 0), ElementsAre(-1, 8));
  EXPECT_THAT(reduced({3}, 1), ElementsAre(-1, -3, 8, 7));
  EXPECT_THAT(reduced({2}, 1), ElementsAre(-1, -2, 7, 8));
  EXPECT_THAT([&] { reduced({1}, 1); }, ThrowsMessage<UnsupportedError>(
                                            HasSubstr("ReduceMax (node 'ReduceMax_1') must be over height and width")));
}

TEST(MaxPool, WhatCannotBeDoneRightIsRefused) {
  const auto refused = [](auto set) { return [set] { read_pool(set); }; };
  EXPECT_THAT(refused([](OnnxBuilder& b) {
                b.set("kernel_shape", Dims{3, 3}).set("pads", Dims{3, 1, 1, 1});
              }),
              ThrowsMessage<FormatError>(HasSubstr("padding as large as its kernel")));
  EXPECT_THAT(refused([](OnnxBuilder& b) {
                b.set("kernel_shape", Dims{2, 2}).set("dilations", Dims{2, 1});
              }),
              ThrowsMessage<UnsupportedError>(HasSubstr("has dilations")));
  EXPECT_THAT(refused([](OnnxBuilder&) {}), ThrowsMessage<FormatError>(HasSubstr("lacks its kernel_shape")));
  EXPECT_THAT(refused([](OnnxBuilder& b) {
                b.set("kernel_shape", Dims{6, 2});
              }),
              ThrowsMessage<FormatError>(HasSubstr("a window of 6 on an input of 5")));
}

TEST(MaxPool, HostileAttributesAreErrorsOfTheFile) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min(), kMost = std::numeric_limits<std::int64_t>::max();
  const auto read = [](const char* attribute, const Dims& values) {
    read_pool([&](OnnxBuilder& b) {
      if (std::string(attribute) != "kernel_shape") b.set("kernel_shape", Dims{2, 2});
      b.set(attribute, values);
    });
  };
  for (const std::int64_t value : {kLeast, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 32, kMost}) {
    SCOPED_TRACE(value);
    EXPECT_THROW(read("kernel_shape", {value, 1}), FormatError);
    EXPECT_THROW(read("strides", {value, 1}), FormatError);
    // Either is right: no dilation at all, or one that is not done.
    EXPECT_THROW(read("dilations", {value, 1}), Error);
    if (value != 0) {
      EXPECT_THROW(read("pads", {0, 0, 0, value}), Error);
    }
  }
  EXPECT_THROW(read("kernel_shape", {2}), Error);
  EXPECT_THROW(read("kernel_shape", {2, 2, 2}), Error);
}

TEST(MaxPool, ZerosPaddedByTheFileCount) {
  OnnxBuilder onnx({1, 1, 2, 2});
  onnx.ints("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  const auto padded = onnx.node("Pad", {"x", "pads"});
  const auto y = onnx.node("MaxPool", {padded});
  onnx.set("kernel_shape", Dims{2, 2}).set("strides", Dims{2, 2});
  EXPECT_THAT(run_reference(onnx.read(y), std::vector<float>{-1, -2, 3, -4}), ElementsAre(0, 0, 3, 0));
}

}  // namespace
}  // namespace obscura::nn
