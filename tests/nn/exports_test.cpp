#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "base/error.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

namespace obscura::nn {
namespace {

const std::filesystem::path kFolder = OBSCURA_SOURCE_DIR "/tests/nn/exports";

std::vector<float> numbers(const std::string& text) {
  std::vector<float> values;
  std::istringstream stream(text);
  for (std::string one; std::getline(stream, one, ',');) values.push_back(std::stof(one));
  return values;
}

std::vector<std::filesystem::path> exports() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> layers(const std::string& name) {
  std::vector<std::string> kinds;
  for (const auto& node : read_onnx(kFolder / (name + ".onnx")).nodes) kinds.push_back(layer_name(node.layer));
  return kinds;
}

/// The outputs of the graph and those that PyTorch wrote, which for a LogSoftmax differ by one number for all.
void expect_outputs(const std::vector<double>& ours, const std::vector<float>& theirs, double offset) {
  ASSERT_EQ(ours.size(), theirs.size());
  double largest = 1;
  for (const float v : theirs) largest = std::max(largest, std::abs(static_cast<double>(v)));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i] + offset, static_cast<double>(theirs[i]), 1e-4 * largest) << i;
  }
}

TEST(Exports, ComputeWhatPyTorchComputes) {
  EXPECT_GT(exports().size(), 40U);
  for (const auto& file : exports()) {
    SCOPED_TRACE(file.filename());
    const auto metadata = read_onnx_metadata(file);
    const auto image = numbers(metadata.at("sample_input"));
    const auto theirs = numbers(metadata.at("sample_output"));
    const Graph graph = read_onnx(file);
    EXPECT_EQ(graph.name, file.stem()) << "exporters call every network the same";
    const auto ours = run_reference(graph, image);
    const double offset = graph.notes.empty() ? 0 : static_cast<double>(theirs[0]) - ours[0];
    expect_outputs(ours, theirs, offset);
    // And the same again after we wrote it.
    expect_outputs(run_reference(read_onnx(to_onnx(graph), "memory"), image), theirs, offset);
  }
}

TEST(Exports, OpenCvAgreesWhereItRunsThem) {
  std::size_t refused = 0;
  for (const auto& file : exports()) {
    SCOPED_TRACE(file.filename());
    const auto metadata = read_onnx_metadata(file);
    const Graph graph = read_onnx(file);
    const auto image = numbers(metadata.at("sample_input"));
    try {
      Reference reference(graph);
      std::vector<float> batch = image;
      batch.insert(batch.end(), image.begin(), image.end());
      const auto logits = reference.run(batch);
      const std::vector<float> second(logits.begin() + static_cast<std::ptrdiff_t>(logits.size() / 2), logits.end());
      expect_outputs(run_reference(graph, image), second, 0);
    } catch (const UnsupportedError& e) {
      ++refused;
      std::printf("%s: %s\n", file.filename().c_str(), e.what());
    }
  }
  EXPECT_LE(refused, 2U);
}

TEST(Exports, SpellingsBecomeTheLayersThatTheyAre) {
  using ::testing::ElementsAre;
  const auto after_norm = [](const char* kind) {
    return ElementsAre("Input", "Conv2d", kind, "AvgPool", "Flatten", "Linear");
  };
  EXPECT_THAT(layers("act_relu6"), after_norm("ReLU6"));
  EXPECT_THAT(layers("act_leaky_relu"), after_norm("LeakyReLU"));
  EXPECT_THAT(layers("act_silu"), after_norm("SiLU"));
  EXPECT_THAT(layers("act_quick_gelu"),
              ElementsAre("Input", "Conv2d", "BatchNorm", "SiLU", "BatchNorm", "AvgPool", "Flatten", "Linear"));
  EXPECT_THAT(layers("act_swish"), layers("act_quick_gelu"));
  EXPECT_THAT(layers("act_mish"), after_norm("Mish"));
  EXPECT_THAT(layers("act_gelu"), after_norm("GELU"));
  EXPECT_THAT(layers("act_gelu_tanh"), after_norm("GELU (tanh)"));
  EXPECT_THAT(layers("act_hardswish"), after_norm("HardSwish"));
  EXPECT_THAT(layers("act_elu"), after_norm("ELU"));
  EXPECT_THAT(layers("act_softplus"), after_norm("Softplus"));
  EXPECT_THAT(layers("zero_pad"), ElementsAre("Input", "Conv2d", "Square", "Flatten", "Linear"));
  EXPECT_THAT(layers("uneven_pad"), ElementsAre("Input", "Conv2d", "Square", "Flatten", "Linear"));
  EXPECT_THAT(layers("constant_pad"), ElementsAre("Input", "Pad", "Conv2d", "Square", "Flatten", "Linear"));
  EXPECT_THAT(layers("reflect_pad"), ElementsAre("Input", "Pad", "Conv2d", "Square", "Flatten", "Linear"));
  EXPECT_THAT(layers("square_view"), ElementsAre("Input", "Conv2d", "Square", "Flatten", "Linear"));
  EXPECT_THAT(layers("cubic_reshape"), ElementsAre("Input", "Conv2d", "Polynomial", "Flatten", "Linear"));
  EXPECT_THAT(layers("dropout_identity"), ElementsAre("Input", "Conv2d", "Square", "Flatten", "Linear"));
  EXPECT_THAT(layers("mean_keep"), ElementsAre("Input", "Conv2d", "Square", "AvgPool", "Linear"));
  EXPECT_THAT(layers("manual"),
              ElementsAre("Input", "Conv2d", "BatchNorm", "GELU", "SiLU", "BatchNorm", "AvgPool", "Linear"));
}

TEST(Exports, AFinalSoftmaxIsLeftOutAndSaid) {
  const Graph graph = read_onnx(kFolder / "log_softmax.onnx");
  ASSERT_EQ(graph.notes.size(), 1U);
  EXPECT_THAT(graph.notes[0], ::testing::HasSubstr("LogSoftmax"));
  EXPECT_EQ(layer_name(graph.nodes.back().layer), "Linear");
}

}  // namespace
}  // namespace obscura::nn
