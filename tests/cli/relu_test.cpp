#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cli/support.h"
#include "nn/onnx_write.h"

/// Networks with ReLU as it is, on the command line.
namespace obscura::cli {
namespace {

using ::testing::HasSubstr;

/// Convolution, ReLU, dense layer on digits.
std::string put_network(const TemporaryFolder& folder, const nn::Layer& activation, bool yes_or_no = false) {
  nn::Graph graph = nn::make_graph("relu", {1, 28, 28});
  nn::Conv2d conv;
  conv.out_channels = 3;
  conv.kernel = {5, 5};
  conv.stride = {4, 4};
  for (int i = 0; i < 75; ++i) conv.weights.push_back(0.3F * std::sin(1.7F * static_cast<float>(i)));
  nn::Linear dense{10, {}, {}};
  for (int i = 0; i < 10 * 108; ++i) dense.weights.push_back(0.2F * std::cos(static_cast<float>(i)));
  if (yes_or_no) {  // what is left of the middle less what is right of it: small, of either sign
    dense = {1, {}, {}};
    for (int i = 0; i < 108; ++i) dense.weights.push_back(i % 6 < 3 ? 0.2F : -0.2F);
  }
  nn::add_node(graph, "conv", conv, {0});
  nn::add_node(graph, "act", activation, {1});
  nn::add_node(graph, "flatten", nn::Flatten{}, {2});
  nn::add_node(graph, "fc", dense, {3});
  const fs::path file = folder / "relu.onnx";
  nn::write_onnx(graph, file);
  return file.string();
}

const nn::Activation kRelu{nn::Activation::Kind::relu};

/// Compiled, encrypted, classified and decrypted, and the class is that of the network with ReLU.
TEST(ReluAsItIs, RunsEncrypted) {
  const TemporaryFolder folder;
  const std::string network = put_network(folder, kRelu), net = (folder / "net").string();
  const std::string keys = (folder / "keys").string(), query = (folder / "q.ct").string();
  const std::string answer = (folder / "a.ct").string();
  const Result compiled = obscura({"compile", network, "--calibrate", "samples", "--relu", "composite", "--relu-bits",
                                   "5", "--out", net, "--json"});
  ASSERT_EQ(compiled.status, 0) << compiled.err;
  EXPECT_EQ(compiled.json()["stages"][0]["activation"], "gated");
  EXPECT_EQ(compiled.json()["relu"], nullptr);
  ASSERT_EQ(obscura({"keygen", "--client", net + "/client.spec", "--out", keys}).status, 0);
  ASSERT_EQ(obscura({"encrypt", "--keys", keys, "--out", query, sample("7-0")}).status, 0);
  const Result classified = obscura({"classify", "--program", net + "/server.program", "--eval-keys",
                                     keys + "/evaluation.key", query, "--out", answer});
  ASSERT_EQ(classified.status, 0) << classified.err;
  const Result decrypted = obscura({"decrypt", "--keys", keys, answer, "--json"});
  ASSERT_EQ(decrypted.status, 0) << decrypted.err;
  EXPECT_EQ(decrypted.json()["images"][0]["logits"].size(), 10U);
}

/// The encrypted run against the file with the ReLU, not against what it was compiled as.
TEST(ReluAsItIs, AgreesWithTheNetworkThatHasIt) {
  const TemporaryFolder folder;
  const std::string network = put_network(folder, kRelu), saved = (folder / "composite.onnx").string();
  const Result compiled = obscura({"compile", network, "--calibrate", "samples", "--relu", "composite", "--relu-bits",
                                   "7", "--save", saved, "--json"});
  ASSERT_EQ(compiled.status, 0) << compiled.err;
  const Result result =
      obscura({"evaluate", "--network", saved, "--against", network, "--dataset", "samples", "--limit", "4", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto report = result.json();
  EXPECT_EQ(report["original"]["agreement"], 1.0);
  const double fit = compiled.json()["predicted_fit_error"], noise = compiled.json()["predicted_logit_error"];
  EXPECT_LT(report["original"]["max_logit_error"], 2 * fit + 20 * noise);
}

TEST(ReluAsItIs, AutoComparesThreeWays) {
  const TemporaryFolder folder;
  const std::string network = put_network(folder, kRelu);
  const Result result =
      obscura({"compile", network, "--calibrate", "samples", "--relu", "auto", "--relu-bits", "6", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto relu = result.json()["relu"];
  ASSERT_EQ(relu["ways"].size(), 3U);
  EXPECT_GT(relu["pictures"], 0);
  for (const auto& way : relu["ways"]) {
    EXPECT_GT(way["log_qp"], 100);
    EXPECT_GT(way["predicted_seconds"], 0);
    EXPECT_LE(way["agree"], relu["pictures"]);
  }
  EXPECT_EQ(relu["ways"][1]["degree"], "3 x 7");
  EXPECT_EQ(relu["ways"][1]["levels"], 6);
  EXPECT_GE(relu["ways"][1]["precision_bits"], 6);
  EXPECT_EQ(relu["ways"][2]["levels"], 1);
  const std::string chosen = relu["chosen"];
  EXPECT_TRUE(chosen == "fitted" || chosen == "composite");
  const Result people = obscura({"compile", network, "--calibrate", "samples", "--relu", "auto", "--relu-bits", "6"});
  for (const char* word : {"ReLUs, three ways", "composite", "quadratic", "convert", "log QP", "agreement", "taken"}) {
    EXPECT_THAT(people.out, HasSubstr(word));
  }
}

/// A single logit decides by its sign.
TEST(ReluAsItIs, AYesOrNoAgreesBySign) {
  const TemporaryFolder folder;
  const std::string network = put_network(folder, kRelu, true);
  const Result result =
      obscura({"compile", network, "--calibrate", "samples", "--relu", "auto", "--relu-bits", "8", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto relu = result.json()["relu"];
  EXPECT_LT(relu["ways"][2]["agree"], relu["pictures"]) << "a parabola in the place of a ReLU changes some signs";
  EXPECT_GT(relu["ways"][2]["agree"], relu["pictures"].get<int>() / 2);
  EXPECT_GE(relu["ways"][1]["agree"], relu["ways"][2]["agree"]);
}

TEST(ReluAsItIs, RefusesWishesThatChangeNothing) {
  const TemporaryFolder folder;
  const std::string network = put_network(folder, kRelu);
  const auto refused = [](const std::vector<std::string>& words, const char* why) {
    const Result result = obscura(words);
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  refused({"compile", network, "--relu", "composite"}, "--calibrate");
  refused({"compile", kModel, "--calibrate", "samples", "--relu", "auto"}, "has no ReLU");
  refused({"compile", network, "--calibrate", "samples", "--relu-bits", "6"}, "--relu composite");
  refused({"compile", network, "--calibrate", "samples", "--relu", "exact"}, "exact");
  refused({"compile", network, "--calibrate", "samples", "--relu", "composite", "--relu-bits", "40"}, "40");
}

}  // namespace
}  // namespace obscura::cli
