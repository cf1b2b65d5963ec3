#include "nn/mirrored.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "support/random_graph.h"

namespace obscura::nn {
namespace {

std::vector<float> mirror(const std::vector<float>& picture, std::size_t width) {
  std::vector<float> turned = picture;
  for (auto row = turned.begin(); row != turned.end(); row += static_cast<std::ptrdiff_t>(width)) {
    std::reverse(row, row + static_cast<std::ptrdiff_t>(width));
  }
  return turned;
}

/// By the definition: the mean of two runs of the network as it was.
std::vector<double> mean_of_both(const Graph& graph, const std::vector<float>& picture) {
  auto mean = run_reference(graph, picture);
  const auto other = run_reference(graph, mirror(picture, graph.input_shape().width));
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (mean[i] + other[i]) / 2;
  return mean;
}

void expect_mean(const Graph& graph, std::uint64_t seed) {
  const Graph made = mirrored(graph);
  EXPECT_EQ(made.input_shape(), graph.input_shape());
  ASSERT_EQ(made.output_shape().size(), graph.output_shape().size());
  const auto bytes = to_onnx(made);
  const Graph again = read_onnx(bytes, "mirrored");
  for (const auto& picture : support::random_images(graph.input_shape(), 2, seed)) {
    const auto wanted = mean_of_both(graph, picture);
    const auto direct = run_reference(made, picture), reread = run_reference(again, picture);
    double most = 1;
    for (const double v : wanted) most = std::max(most, std::abs(v));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_NEAR(direct[i], wanted[i], 1e-6 * most) << "output " << i;
      ASSERT_NEAR(reread[i], wanted[i], 1e-6 * most) << "output " << i << " of the file";
    }
  }
}

support::RandomGraphOptions everything(std::uint64_t seed) {
  support::RandomGraphOptions options;
  options.max_pools = options.products = options.pads = options.activations = true;
  options.max_stride = 1 + seed % 3;
  options.dense = seed % 4 == 0 ? 0 : 8;
  options.outputs = seed % 5 == 0 ? 0 : 1 + seed % 7;
  return options;
}

TEST(Mirrored, MeanOfTheRunsOfRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    expect_mean(support::RandomGraph(seed, everything(seed)).draw(), seed);
  }
}

TEST(Mirrored, OpenCvRunsItAlike) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    support::RandomGraphOptions options;
    options.outputs = 5;
    const Graph graph = support::RandomGraph(seed, options).draw();
    const auto pictures = support::random_images(graph.input_shape(), 3, seed);
    std::vector<float> batch;
    for (const auto& picture : pictures) batch.insert(batch.end(), picture.begin(), picture.end());
    const auto logits = Reference(mirrored(graph)).run(batch);
    for (std::size_t k = 0; k < pictures.size(); ++k) {
      const auto wanted = mean_of_both(graph, pictures[k]);
      for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_NEAR(logits[k * wanted.size() + i], wanted[i], 1e-3);
    }
  }
}

TEST(Mirrored, AMirroredPictureGetsTheSameAnswer) {
  const Graph graph = mirrored(support::random_graph(7));
  const auto picture = support::random_images(graph.input_shape(), 1, 1)[0];
  const auto one = run_reference(graph, picture),
             other = run_reference(graph, mirror(picture, graph.input_shape().width));
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], other[i], 1e-9);
}

TEST(Mirrored, SaysWhatTheNetworkSaid) {
  Graph graph = support::random_graph(3);
  graph.preprocessing.classes = {"a", "b"};
  graph.notes = {"a note"};
  graph.head = Head::softmax;
  graph.calibration = {1, 2, 3};
  graph.origin = {"relu.onnx", std::string(64, '0'), 0.25};
  const Graph made = mirrored(graph);
  EXPECT_EQ(made.name, graph.name);
  EXPECT_EQ(made.preprocessing.classes, graph.preprocessing.classes);
  EXPECT_EQ(made.notes, graph.notes);
  EXPECT_EQ(made.head, graph.head);
  EXPECT_EQ(made.calibration, graph.calibration);
  EXPECT_EQ(made.origin.name, "relu.onnx");
}

TEST(Mirrored, RefusesToMirrorTwice) {
  EXPECT_FALSE(is_mirrored(support::random_graph(7)));
  const Graph once = mirrored(support::random_graph(7));
  EXPECT_THAT([&] { mirrored(once); }, testing::ThrowsMessage<UnsupportedError>(testing::HasSubstr("already")));
  const Graph again = read_onnx(to_onnx(once), "mirrored");
  EXPECT_TRUE(is_mirrored(again));
  EXPECT_THROW(mirrored(again), UnsupportedError);
}

TEST(Mirrored, RefusesChunks) {
  Graph graph = make_chunk_graph("cut", Chunking{{1, 8, 8}, 4, 4, 0});
  const std::size_t flat = add_node(graph, "flat", Flatten{}, {0});
  const std::size_t fc = add_node(graph, "fc", Linear{2, std::vector<float>(32, 1.0F), {}}, {flat});
  add_node(graph, "mean", Merge{}, {fc});
  EXPECT_THAT([&] { mirrored(graph); },
              testing::ThrowsMessage<UnsupportedError>(testing::HasSubstr("cut looks at a picture chunk by chunk")));
}

}  // namespace
}  // namespace obscura::nn
