#include <gtest/gtest.h>

#include <functional>

#include "runtime/session.h"

/// What moves values about runs on ciphertexts as any linear layer does.
namespace obscura::runtime {
namespace {

using networks::Random;
using testing::expect_equals_plain_run;
using From = std::function<std::int32_t(std::size_t c, std::size_t y, std::size_t x)>;

nn::Rearrange rearrange(const Shape& out, const From& from) {
  nn::Rearrange layer{out, {}};
  for (std::size_t c = 0; c < out.channels; ++c) {
    for (std::size_t y = 0; y < out.height; ++y) {
      for (std::size_t x = 0; x < out.width; ++x) layer.source.push_back(from(c, y, x));
    }
  }
  return layer;
}

/// A place in an image of that shape.
std::int32_t at(const Shape& s, std::size_t c, std::size_t y, std::size_t x) {
  return static_cast<std::int32_t>((c * s.height + y) * s.width + x);
}

/// Convolution, square, what is tried, convolution, square, dense.
void try_layer(const nn::Layer& layer) {
  Random random(5);
  nn::Graph graph =
      networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 4, 3, 1, 1)}, {"act", nn::Square{}}});
  nn::add_node(graph, "moved", layer, {2});
  nn::add_node(graph, "conv2", networks::conv(random, graph.output_shape().channels, 3, 3, 1, 1), {3});
  nn::add_node(graph, "act2", nn::Square{}, {4});
  nn::add_node(graph, "flatten", nn::Flatten{}, {5});
  nn::add_node(graph, "fc", networks::linear(random, graph.output_shape().size(), 3), {6});
  expect_equals_plain_run(graph, message::Mode::packed, 1);
}

const Shape kIn{4, 8, 8};

TEST(Rearranged, StridedSlicesWithChannelsOfZeros) {
  try_layer(rearrange({8, 4, 4}, [](std::size_t c, std::size_t y, std::size_t x) {
    return c < 2 || c >= 6 ? nn::Rearrange::kFill : at(kIn, c - 2, 2 * y, 2 * x);
  }));
}

TEST(Rearranged, ChannelShuffle) {
  try_layer(rearrange(kIn, [](auto c, auto y, auto x) { return at(kIn, c % 2 * 2 + c / 2, y, x); }));
}

TEST(Rearranged, PixelShuffleAndItsInverse) {
  try_layer(rearrange({1, 16, 16}, [](auto, auto y, auto x) { return at(kIn, y % 2 * 2 + x % 2, y / 2, x / 2); }));
  try_layer(
      rearrange({16, 4, 4}, [](auto c, auto y, auto x) { return at(kIn, c / 4, 2 * y + c / 2 % 2, 2 * x + c % 2); }));
}

TEST(Rearranged, FlipsCropsAndRepeatedPixels) {
  try_layer(rearrange({4, 8, 8}, [](auto c, auto y, auto x) { return at(kIn, c, y, 7 - x); }));
  try_layer(rearrange({3, 5, 6}, [](auto c, auto y, auto x) { return at(kIn, c + 1, y + 2, x + 1); }));
  try_layer(rearrange({4, 16, 16}, [](auto c, auto y, auto x) { return at(kIn, c, y / 2, x / 2); }));
}

TEST(Rearranged, FillsWithAValue) {
  nn::Rearrange layer = rearrange({6, 8, 8}, [](std::size_t c, std::size_t y, std::size_t x) {
    return c < 4 ? at(kIn, c, y, x) : nn::Rearrange::kFill;
  });
  layer.fill = 0.5F;
  try_layer(layer);
}

TEST(Rearranged, TheShortcutOfAResidualBlock) {
  Random random(6);
  nn::Graph graph =
      networks::chain({1, 8, 8}, {{"conv", networks::conv(random, 1, 4, 3, 1, 1)}, {"act", nn::Square{}}});
  nn::add_node(graph, "branch", networks::conv(random, 4, 8, 3, 2, 1), {2});
  nn::add_node(graph, "shortcut",
               rearrange({8, 4, 4},
                         [](std::size_t c, std::size_t y, std::size_t x) {
                           return c < 2 || c >= 6 ? nn::Rearrange::kFill : at(kIn, c - 2, 2 * y, 2 * x);
                         }),
               {2});
  nn::add_node(graph, "sum", nn::Add{}, {3, 4});
  nn::add_node(graph, "act2", nn::Square{}, {5});
  nn::add_node(graph, "pool", nn::AvgPool{{4, 4}, {1, 1}, {0, 0, 0, 0}, false}, {6});
  nn::add_node(graph, "fc", networks::linear(random, 8, 3), {7});
  expect_equals_plain_run(graph);
}

}  // namespace
}  // namespace obscura::runtime
