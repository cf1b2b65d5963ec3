#include <gtest/gtest.h>

#include <filesystem>

#include "compile/approximate.h"
#include "compile/compile.h"
#include "nn/onnx_read.h"
#include "runtime/session.h"
#include "support/random_graph.h"

namespace obscura::runtime {
namespace {

/// As the file has it, or with polynomials fitted to its activations.
nn::Graph ready(const std::string& name, const std::vector<std::vector<float>>& samples) {
  const std::filesystem::path folder = OBSCURA_SOURCE_DIR "/tests/nn/exports";
  nn::Graph graph = nn::read_onnx(folder / (name + ".onnx"));
  if (compile::needs_fitting(graph)) graph = compile::fit_activations_in_turn(graph, samples, {});
  return graph;
}

/// Exported by PyTorch, each in another spelling (tests/nn/exports/make.py), and run encrypted.
class Exports : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(PyTorch, Exports,
                         ::testing::Values("act_gelu", "concat", "residual_square", "conv_reflect", "grouped_dilated",
                                           "manual", "cubic_reshape", "uneven_pad", "excitation", "excitation_expand",
                                           "spatial_attention", "two_branches", "linear_unit"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(Exports, RunEncryptedAsInTheClear) {
  const auto images = support::random_images({2, 8, 8}, 24, 3);
  const nn::Graph graph = ready(GetParam(), images);
  ASSERT_EQ(graph.input_shape(), (Shape{2, 8, 8}));
  for (const auto mode : {message::Mode::packed, message::Mode::batched}) {
    compile::CompileOptions options;
    options.mode = mode;
    for (const auto& image : images) options.samples.emplace_back(image.begin(), image.end());
    const testing::Session session(graph, options);
    EXPECT_GE(session.owner.context()->security_bits(), 128);
    const auto logits = session.classify(std::span(images.data(), 1));
    testing::expect_plain(session, images[0], logits[0]);
  }
}

}  // namespace
}  // namespace obscura::runtime
