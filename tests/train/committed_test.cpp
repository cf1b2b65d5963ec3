// The networks under models/ are what models/README.md says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "image/dataset.h"
#include "nn/features.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "train/encrypted/zoo.h"

namespace obscura::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

fs::path folder() {
  return fs::path(OBSCURA_SOURCE_DIR) / "models";
}

std::vector<std::string> committed() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(folder())) {
    if (file.path().extension() == ".onnx") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The word after `option` in a command.
std::string argument(const std::string& command, const std::string& option) {
  std::istringstream words(command);
  for (std::string word; words >> word;) {
    if (word == option && words >> word) return word;
  }
  return {};
}

/// The features of the trunk, layer by layer, and a dense layer that makes 64 numbers of them.
void expect_embedding(const nn::Graph& trained, const std::string& trunk) {
  const nn::Graph features = nn::features_of(nn::read_onnx(folder() / trunk));
  ASSERT_EQ(trained.nodes.size(), features.nodes.size() + 1);
  for (std::size_t i = 0; i < features.nodes.size(); ++i) {
    EXPECT_EQ(nn::layer_name(trained.nodes[i].layer), nn::layer_name(features.nodes[i].layer)) << i;
    EXPECT_EQ(trained.nodes[i].shape, features.nodes[i].shape) << i;
  }
  EXPECT_EQ(trained.output_shape().size(), 64U);
  EXPECT_TRUE(trained.preprocessing.classes.empty());
  EXPECT_FALSE(trained.calibration.empty());
}

class CommittedTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CommittedTest, IsTheNetworkOfItsCommand) {
  const fs::path path = folder() / (GetParam() + ".onnx");
  EXPECT_LT(fs::file_size(path), 5'000'000U);
  const auto command = nn::read_onnx_metadata(path).at("command");
  EXPECT_THAT(command, HasSubstr("obscura train --model "));
  EXPECT_EQ(argument(command, "--out"), GetParam() + ".onnx");
  const nn::Graph trained = nn::read_onnx(path);
  if (argument(command, "--model") == "embed") return expect_embedding(trained, argument(command, "--trunk"));
  const std::string chunk = argument(command, "--chunk");
  const Model model = make_model(argument(command, "--model"), trained.input_shape(), trained.output_shape().size(), {},
                                 chunk.empty() ? ChunkSize{} : parse_chunk_size(chunk, "--chunk"));
  // Written and read as it was: reading leaves out what changes nothing.
  const nn::Graph expected = nn::read_onnx(nn::to_onnx(nn::fold_batch_norms(model.graph)), "memory");
  ASSERT_EQ(trained.nodes.size(), expected.nodes.size());
  for (std::size_t i = 0; i < trained.nodes.size(); ++i) {
    EXPECT_EQ(nn::layer_name(trained.nodes[i].layer), nn::layer_name(expected.nodes[i].layer)) << i;
    EXPECT_EQ(trained.nodes[i].shape, expected.nodes[i].shape) << i;
  }
  EXPECT_TRUE(trained.preprocessing.stated);
  EXPECT_EQ(trained.preprocessing.classes.size(), trained.output_shape().size());
  EXPECT_TRUE(fs::exists(folder() / (GetParam() + ".curve.json")));
}

INSTANTIATE_TEST_SUITE_P(Models, CommittedTest, ::testing::ValuesIn(committed()), [](const auto& tested) {
  std::string name = tested.param;
  std::erase(name, '-');
  return name;
});

TEST(Committed, TheTensealNetworkReadsDrawnDigits) {
  const nn::Graph trained = nn::read_onnx(folder() / "tenseal-mnist.onnx");
  const auto drawn = image::load_dataset("samples", image::Split::test, {}, 200);
  std::size_t correct = 0;
  for (std::size_t n = 0; n < drawn.count; ++n) {
    const auto logits = nn::run_reference(trained, preprocess(drawn.pixels(n), trained.preprocessing));
    correct += std::max_element(logits.begin(), logits.end()) - logits.begin() == drawn.labels[n] ? 1 : 0;
  }
  EXPECT_GE(correct, 190U) << "of 200 digits drawn by the program";
}

}  // namespace
}  // namespace obscura::train
