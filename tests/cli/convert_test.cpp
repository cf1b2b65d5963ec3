#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/support.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "support/residual_networks.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class Convert : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const Result trained = obscura({"train", "--model", "relu-l", "--dataset", "samples", "--limit", "600", "--epochs",
                                    "2", "--plain-epochs", "1", "--batch", "32", "--out", at("relu.onnx"), "--quiet"});
    ASSERT_EQ(trained.status, 0) << trained.err;
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string at(const std::string& name) { return (*folder_ / name).string(); }
  static Result convert(const Words& more, const std::string& network = "relu.onnx") {
    Words words = {"convert", at(network)};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }
  static Words quick(const std::string& out) {
    return {"--dataset", "samples", "--limit", "300",        "--test-limit", "60",    "--epochs",
            "2",         "--batch", "32",      "--simulate", "10",           "--out", at(out)};
  }
  static void expect_refusal(const Result& result, int status, const std::string& problem) {
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(result.errors(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(problem));
  }
  inline static TemporaryFolder* folder_ = nullptr;
};

TEST_F(Convert, SaysWhatItDid) {
  Words words = quick("quad.onnx");
  words.emplace_back("--json");
  const Result result = convert(words);
  ASSERT_EQ(result.status, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["layers"].size(), 3U);
  EXPECT_EQ(json["layers"][0]["was"], "ReLU");
  EXPECT_EQ(json["agreement"]["images"], 60);
  EXPECT_EQ(json["original_accuracy"]["images"], 60);
  EXPECT_EQ(json["encrypted"]["simulated"], 10);
  EXPECT_GT(json["encrypted"]["predicted_seconds"], 0);
  EXPECT_EQ(json["kept_epoch"], 2);  // of those whose norms stand still
  const auto graph = nn::read_onnx(at("quad.onnx"));
  for (const auto& node : graph.nodes) EXPECT_NE(nn::layer_name(node.layer), "ReLU") << node.name;
  EXPECT_FALSE(graph.calibration.empty());
  EXPECT_TRUE(fs::exists(at("quad.curve.svg")));
  EXPECT_FALSE(fs::exists(at("quad.checkpoint")));
  expect_refusal(obscura({"convert", at("quad.onnx"), "--dataset", "samples", "--out", at("again.onnx")}), 1,
                 "no activation and no maximum pool");
}

TEST_F(Convert, AFolderWithoutLabels) {
  const fs::path pictures = at("pictures");
  fs::create_directories(pictures);
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(OBSCURA_SOURCE_DIR "/samples/digits")) {
    if (entry.path().extension() != ".png") continue;
    for (int copy = 0; copy < 3; ++copy) fs::copy_file(entry.path(), pictures / (std::to_string(count++) + ".png"));
  }
  ASSERT_GE(count, 20U);
  const Result result =
      convert({"--dataset", pictures.string(), "--epochs", "1", "--batch", "4", "--out", at("free.onnx"), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.json()["labelled"], false);
  EXPECT_TRUE(result.json()["original_accuracy"].is_null());
  EXPECT_EQ(result.json()["test"]["right"], result.json()["agreement"]["part"]);
}

/// One output, and nothing said of pixels and classes: that is stated, and goes into what is written.
TEST_F(Convert, AYesOrNoStaysOne) {
  nn::Graph graph = nn::make_graph("door", {1, 28, 28});
  std::vector<float> weights(4 * 25), rows(4 * 36);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.2F * static_cast<float>(i % 7) - 0.6F;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = 0.1F * static_cast<float>(i % 5) - 0.2F;
  nn::add_node(graph, "conv", nn::Conv2d{4, 1, {5, 5}, {4, 4}, {1, 1}, {0, 0, 0, 0}, weights, {}}, {0});
  nn::add_node(graph, "relu", nn::Activation{nn::Activation::Kind::relu}, {1});
  nn::add_node(graph, "flat", nn::Flatten{}, {2});
  nn::add_node(graph, "fc", nn::Linear{1, rows, {0.1F}}, {3});
  graph.head = Head::sigmoid;
  nn::write_onnx(graph, at("door.onnx"));
  for (const char* split : {"train", "test"}) {
    for (int digit = 0; digit < 2; ++digit) {
      const fs::path folder = fs::path(at("doors")) / split / (digit == 0 ? "no" : "yes");
      fs::create_directories(folder);
      for (int i = 0; i < 20; ++i) {
        fs::copy_file(fmt::format("{}/samples/digits/{}-{}.png", OBSCURA_SOURCE_DIR, digit, i % 2),
                      folder / fmt::format("{}.png", i));
      }
    }
  }
  const Words quick{"--dataset", at("doors"), "--epochs", "1", "--batch", "8", "--out", at("quad-door.onnx"), "--json"};
  expect_refusal(convert(quick, "door.onnx"), 1, "--classes");
  Words stated = quick;
  stated.insert(stated.end(), {"--classes", "no,yes", "--mean", "0.25", "--std", "0.5"});
  const Result result = convert(stated, "door.onnx");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err.find("does not say how pixels"), std::string::npos) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["original_accuracy"]["images"], 40);
  EXPECT_EQ(json["agreement"]["images"], 40);
  EXPECT_EQ(json["encrypted"]["simulated_agreement"]["part"], json["agreement"]["part"]);
  const auto made = nn::read_onnx(at("quad-door.onnx"));
  EXPECT_EQ(made.output_shape().size(), 1U);
  EXPECT_EQ(made.head, Head::sigmoid);
  EXPECT_EQ(made.preprocessing.classes, (Words{"no", "yes"}));
  EXPECT_EQ(made.preprocessing.mean, std::vector<float>{0.25F});
  EXPECT_EQ(made.preprocessing.std, std::vector<float>{0.5F});
}

/// Before anything is trained, and not after hours.
TEST_F(Convert, NetworksThatAreTooDeepAreRefusedAtOnce) {
  const nn::Activation relu{nn::Activation::Kind::relu};
  const auto put = [](const nn::Graph& graph) {
    nn::Graph named = graph;
    named.preprocessing.classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    nn::write_onnx(named, at("deep.onnx"));
  };
  put(support::ResidualNetwork(1, {1, 28, 28}, relu).for_cifar(18, 2));
  expect_refusal(convert({"--dataset", "samples", "--out", at("x.onnx")}, "deep.onnx"), 1,
                 "109 activations of degree 2");
  EXPECT_FALSE(fs::exists(at("x.onnx")));
}

TEST_F(Convert, WhatCannotBeIsOneLine) {
  auto labels = nn::read_onnx(at("relu.onnx"));
  labels.head = Head::sigmoid;
  nn::write_onnx(labels, at("labels.onnx"));
  expect_refusal(convert({"--dataset", "samples", "--out", at("x.onnx")}, "labels.onnx"), 1,
                 "do not exclude each other");
  expect_refusal(convert({"--dataset", "samples", "--out", at("relu.onnx")}), 1, "an input of this command");
  expect_refusal(convert({"--dataset", "samples", "--out", at("x.onnx"), "--agreement", "97"}), 2,
                 "--agreement must be 0 to 1");
  expect_refusal(convert({"--dataset", "samples", "--out", at("x.onnx"), "--validation-share", "0"}), 2,
                 "--validation-share must be above 0");
  expect_refusal(convert({"--dataset", at("nowhere"), "--out", at("x.onnx")}), 2, "nowhere");
  expect_refusal(convert({"--dataset", "samples", "--out", at("x.onnx")}, "none.onnx"), 1, "none.onnx");
  EXPECT_FALSE(fs::exists(at("x.onnx")));
}

}  // namespace
}  // namespace obscura::cli
