#include "nn/reference.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "nn/graphs.h"
#include "nn/onnx_write.h"

namespace obscura::nn {
namespace {

void expect_close(const std::vector<double>& exact, std::span<const float> measured, double tolerance) {
  ASSERT_EQ(exact.size(), measured.size());
  double largest = 1;
  for (const double v : exact) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_NEAR(exact[i], static_cast<double>(measured[i]), tolerance * largest) << i;
  }
}

TEST(Reference, TwinsAgreeOnRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = testing::random_graph(seed);
    testing::Random random(seed + 1000);
    const std::size_t size = graph.input_shape().size();
    const auto images = random.floats(3 * size, 1.0F);
    Reference reference(graph);
    const auto logits = reference.run(images);
    ASSERT_EQ(logits.size(), 3 * reference.outputs());
    for (std::size_t n = 0; n < 3; ++n) {
      expect_close(run_reference(graph, std::span(images).subspan(n * size, size)),
                   std::span(logits).subspan(n * reference.outputs(), reference.outputs()), 1e-4);
    }
  }
}

TEST(Reference, BatchesOfAnySize) {
  const Graph graph = testing::random_graph(3);
  testing::Random random(4);
  const std::size_t size = graph.input_shape().size();
  const auto images = random.floats(300 * size, 1.0F);
  Reference reference(graph);
  const auto all = reference.run(images);
  const auto one = reference.run(std::span(images).subspan(299 * size));
  ASSERT_EQ(all.size(), 300 * reference.outputs());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_NEAR(all[299 * one.size() + i], one[i], 1e-4F * (1 + std::abs(one[i])));
  }
}

TEST(Reference, RunsAFileAsItIs) {
  const Graph graph = testing::random_graph(5, false);
  const auto path = std::filesystem::temp_directory_path() / ("obscura-ref-" + std::to_string(::getpid()) + ".onnx");
  write_onnx(graph, path);
  testing::Random random(6);
  const auto images = random.floats(2 * graph.input_shape().size(), 1.0F);
  Reference from_file = Reference::from_file(path);
  std::filesystem::remove(path);
  const auto a = from_file.run(images);
  const auto b = Reference(graph).run(images);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4F * (1 + std::abs(b[i])));
}

TEST(Reference, RefusesImagesOfAnotherSize) {
  const Graph graph = testing::random_graph(7);
  Reference reference(graph);
  const std::vector<float> odd(graph.input_shape().size() + 1);
  EXPECT_THROW(reference.run(odd), MismatchError);
  EXPECT_THROW(reference.run({}), MismatchError);
  EXPECT_THROW(run_reference(graph, odd), MismatchError);
}

TEST(Preprocess, ScalesByChannel) {
  Preprocessing how;
  how.mean = {0.5F, 0.0F};
  how.std = {0.5F, 2.0F};
  const std::vector<std::uint8_t> planar{0, 255, 255, 51};
  const auto values = preprocess(planar, how);
  EXPECT_FLOAT_EQ(values[0], -1.0F);
  EXPECT_FLOAT_EQ(values[1], 1.0F);
  EXPECT_FLOAT_EQ(values[2], 0.5F);
  EXPECT_FLOAT_EQ(values[3], 0.1F);
  EXPECT_THROW(preprocess(std::span(planar).first(3), how), MismatchError);
}

}  // namespace
}  // namespace obscura::nn
