#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cli/support.h"
#include "image/image.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "support/residual_networks.h"

namespace obscura::cli {
namespace {

using ::testing::HasSubstr;

const std::string kRelu = OBSCURA_SOURCE_DIR "/tests/nn/exports/act_relu6.onnx";

TEST(CompileVerb, ExplainsItself) {
  for (const std::string mode : {"packed", "batched"}) {
    const Result result = obscura({"compile", kModel, "--mode", mode, "--measure"});
    ASSERT_EQ(result.status, 0) << result.err;
    for (const char* word :
         {"scales", "measured", "log QP", "special prime", "the client", "the server", "rotation keys"}) {
      EXPECT_THAT(result.out, HasSubstr(word)) << mode;
    }
    const auto json = obscura({"compile", kModel, "--mode", mode, "--measure", "--json"}).json();
    for (const auto& stage : json["stages"]) EXPECT_GT(stage["measured_milliseconds"], 0);
    EXPECT_GE(json["parameters"]["security_bits"], 128);
    EXPECT_GT(json["predicted_bytes"]["server"], 0);
  }
}

/// Who does not want clients to know the first layer's kernel can say so.
TEST(CompileVerb, TellsNothingOfWindowsWhereThatIsNotWanted) {
  const Result usual = obscura({"compile", kModel}), none = obscura({"compile", kModel, "--no-windows"});
  ASSERT_EQ(none.status, 0) << none.err;
  EXPECT_THAT(usual.out, HasSubstr("lays the windows of the first layer side by side"));
  EXPECT_THAT(none.out, Not(HasSubstr("windows")));
  for (const Result* result : {&usual, &none}) EXPECT_THAT(result->out, HasSubstr("on this one"));
  const Result batched = obscura({"compile", kModel, "--no-windows", "--mode", "batched"});
  EXPECT_EQ(batched.status, 2);
  EXPECT_EQ(batched.errors(), 1u) << batched.err;
}

/// From the network to the answer: a picture and its mirror image are one to a network that sees both.
TEST(CompileVerb, MirroredNetworksSeeBoth) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  const Result made = obscura({"compile", kModel, "--mirrored", "--out", file("net"), "--save", file("mirrored.onnx")});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("arranges 784 values as the 1568 that the first layers make of them"));
  const image::Image digit = image::read_image(sample("7-0"));
  image::Image turned = digit;
  for (std::size_t y = 0; y < digit.height; ++y) {
    for (std::size_t x = 0; x < digit.width; ++x) {
      for (std::size_t c = 0; c < digit.channels; ++c) turned.at(y, x, c) = digit.at(y, digit.width - 1 - x, c);
    }
  }
  image::write_png(file("turned.png"), turned);
  ASSERT_EQ(obscura({"keygen", "--client", file("net") + "/client.spec", "--out", file("keys")}).status, 0);
  std::vector<std::vector<double>> logits;
  for (const std::string& picture : {sample("7-0"), file("turned.png")}) {
    ASSERT_EQ(obscura({"encrypt", "--keys", file("keys"), "--out", file("q.ct"), "--force", picture}).status, 0);
    const Result asked = obscura({"classify", "--program", file("net") + "/server.program", "--eval-keys",
                                  file("keys") + "/evaluation.key", file("q.ct"), "--out", file("a.ct"), "--force"});
    ASSERT_EQ(asked.status, 0) << asked.err;
    const Result read = obscura({"decrypt", "--keys", file("keys"), file("a.ct"), "--json"});
    ASSERT_EQ(read.status, 0) << read.err;
    logits.push_back(read.json()["images"].at(0)["logits"].get<std::vector<double>>());
  }
  for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(logits[0][i], logits[1][i], 0.5) << i;
  const Result again = obscura({"compile", file("mirrored.onnx"), "--mirrored"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("already"));
  for (const std::string& network : {kModel, file("mirrored.onnx")}) {
    std::vector<std::string> words = {"evaluate", "--network", network, "--dataset",
                                      "samples",  "--limit",   "10",    "--json"};
    if (network == kModel) words.emplace_back("--mirrored");
    const Result run = obscura(words);
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.json()["agreement"], 1.0);
    EXPECT_TRUE(run.json()["mirrored"]);
  }
}

TEST(CompileVerb, CalibratesAndSavesWhatItMeasured) {
  const TemporaryFolder folder;
  const std::string saved = (folder / "calibrated.onnx").string();
  const Result result = obscura({"compile", kModel, "--calibrate", "samples", "--save", saved});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(text_of(saved), HasSubstr("calibration"));
  const auto measured = obscura({"compile", kModel, "--calibrate", "samples", "--json"}).json();
  const auto stated = obscura({"compile", saved, "--json"}).json();
  EXPECT_EQ(measured["parameters"], stated["parameters"]);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"calibrated.onnx"});
}

TEST(CompileVerb, RefusesActivationsWithoutCalibrationByName) {
  const Result result = obscura({"compile", kRelu});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors(), 1u) << result.err;
  EXPECT_THAT(result.err, HasSubstr("is not a polynomial"));
  EXPECT_THAT(result.err, HasSubstr("--calibrate"));
}

/// Of networks that do not compile, too: this one has a ReLU6 that nothing was fitted for.
TEST(CompileVerb, StatesWithoutCompiling) {
  const TemporaryFolder folder;
  const std::string saved = (folder / "stated.onnx").string();
  const Result result = obscura({"compile", kRelu, "--input-range", "0..255", "--mean", "3,4", "--std", "2",
                                 "--classes", "a,b,c,d,e", "--save", saved, "--state-only"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("nothing was compiled"));
  const auto graph = nn::read_onnx(saved), original = nn::read_onnx(fs::path(kRelu));
  EXPECT_EQ(graph.nodes.size(), original.nodes.size());
  EXPECT_EQ(graph.preprocessing.mean, (std::vector<float>{3, 4}));
  EXPECT_EQ(graph.preprocessing.classes, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_TRUE(graph.preprocessing.stated);
  const auto refuse = [&](std::vector<std::string> words, const std::string& problem) {
    words.insert(words.begin(), {"compile", kRelu, "--state-only"});
    const Result refused = obscura(words);
    EXPECT_EQ(refused.status, 2) << refused.err;
    EXPECT_EQ(refused.errors(), 1U) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(problem));
  };
  refuse({"--mean", "3"}, "--save");
  refuse({"--save", (folder / "x.onnx").string()}, "nothing is");
  refuse({"--save", (folder / "x.onnx").string(), "--mean", "3", "--calibrate", "samples"}, "--calibrate");
  refuse({"--save", (folder / "x.onnx").string(), "--mean", "3", "--max-degree", "3"}, "--max-degree");
  EXPECT_EQ(folder.files(), std::vector<std::string>{"stated.onnx"});
}

/// Before anything is fitted, with the arithmetic, and nothing is saved.
TEST(CompileVerb, SaysAtOnceWhatIsTooDeep) {
  const TemporaryFolder folder;
  const std::string network = (folder / "resnet.onnx").string(), saved = (folder / "fitted.onnx").string();
  const nn::Activation relu{nn::Activation::Kind::relu};
  nn::write_onnx(support::ResidualNetwork(1, {3, 32, 32}, relu).for_cifar(3, 4), network);
  const Result result = obscura({"compile", network, "--calibrate", "samples", "--save", saved});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("activations of degree 15 take 4 levels each"));
  EXPECT_THAT(result.err, HasSubstr("--max-degree 2"));
  EXPECT_EQ(folder.files(), std::vector<std::string>{"resnet.onnx"});
}

/// Convolution, ReLU, dense layer on digits, in a file.
void put_relu_network(const fs::path& file, float frequency) {
  nn::Graph graph = nn::make_graph("relu", {1, 28, 28});
  nn::Conv2d conv;
  conv.out_channels = 3;
  conv.kernel = {5, 5};
  conv.stride = {4, 4};
  for (int i = 0; i < 75; ++i) conv.weights.push_back(0.3F * std::sin(frequency * static_cast<float>(i)));
  nn::Linear dense{10, {}, {}};
  for (int i = 0; i < 10 * 108; ++i) dense.weights.push_back(0.2F * std::cos(static_cast<float>(i)));
  nn::add_node(graph, "conv", conv, {0});
  nn::add_node(graph, "act", nn::Activation{nn::Activation::Kind::relu}, {1});
  nn::add_node(graph, "flatten", nn::Flatten{}, {2});
  nn::add_node(graph, "fc", dense, {3});
  nn::write_onnx(graph, file);
}

TEST(CompileVerb, ASavedFitSaysWhatItWasMadeOf) {
  const TemporaryFolder folder;
  const std::string original = (folder / "relu.onnx").string(), other_file = (folder / "other.onnx").string();
  put_relu_network(original, 1.7F);
  put_relu_network(other_file, 1.9F);
  const std::string saved = (folder / "fitted.onnx").string();
  const auto fitted = obscura({"compile", original, "--calibrate", "samples", "--save", saved, "--json"}).json();
  EXPECT_GT(fitted["predicted_fit_error"], 0);
  EXPECT_GT(fitted["logit_range"], 0);
  EXPECT_EQ(fitted["fitted_from"]["name"], "relu.onnx");
  const auto again = obscura({"compile", saved, "--json"}).json();
  EXPECT_EQ(again["fitted_from"], fitted["fitted_from"]);
  EXPECT_EQ(again["predicted_fit_error"], fitted["predicted_fit_error"]);
  EXPECT_EQ(again["predicted_logit_error"], fitted["predicted_logit_error"]) << "the same program";
  EXPECT_EQ(again["parameters"], fitted["parameters"]);
  EXPECT_EQ(obscura({"compile", kModel, "--json"}).json()["fitted_from"], nullptr);

  const auto evaluate = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"evaluate", "--network", saved, "--dataset",
                                   "samples",  "--limit",   "20",  "--simulate"};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  };
  const auto alone = evaluate({"--json"}).json();
  EXPECT_EQ(alone["plain"], "fitted network");
  EXPECT_EQ(alone["original"], nullptr);
  EXPECT_THAT(evaluate({}).out, HasSubstr("\"plain\" is the fitted network"));
  const auto against = evaluate({"--against", original, "--json"}).json();
  EXPECT_EQ(against["original"]["network"], original);
  EXPECT_GT(against["original"]["max_logit_error"], against["logit_error"]["max"]) << "with what fitting did";
  EXPECT_THAT(evaluate({"--against", original}).out, HasSubstr("original"));
  const Result other = evaluate({"--against", other_file});
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(other.errors(), 1u) << other.err;
  EXPECT_THAT(other.err, HasSubstr("was fitted from relu.onnx"));
}

TEST(CompileVerb, RefusesImagesSideBySideThatAreNoPowerOfTwo) {
  EXPECT_EQ(obscura({"compile", kModel, "--images-per-ciphertext", "3"}).status, 1);
  EXPECT_EQ(obscura({"compile", kModel, "--images-per-ciphertext", "some"}).status, 2);
  EXPECT_EQ(obscura({"compile", kModel, "--images-per-ciphertext", "0"}).status, 2);
}

TEST(EvaluateVerb, ImagesSideBySideAgreeWithThePlainRun) {
  for (const std::string images : {"4", "auto"}) {
    const auto report = obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "18", "--json",
                                 "--images-per-ciphertext", images})
                            .json();
    EXPECT_EQ(report["images"], 18);
    EXPECT_EQ(report["agreement"], 1.0) << images;
  }
}

TEST(EvaluateVerb, SimulatesWithoutEncrypting) {
  for (const std::string mode : {"packed", "batched"}) {
    const Result result = obscura({"evaluate", "--network", kModel, "--dataset", "samples", "--limit", "50", "--mode",
                                   mode, "--simulate", "--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto report = result.json();
    EXPECT_EQ(report["simulated"], true);
    EXPECT_GT(report["logit_error"]["rms"], 0);
    EXPECT_LT(report["logit_error"]["rms"], 0.2);
    EXPECT_GE(report["agreement"], 0.98);
    EXPECT_TRUE(report["images_out_of_range"].empty());
  }
}

TEST(SideBySide, ImagesSideBySideFromKeysToAnswers) {
  const TemporaryFolder folder;
  const std::string keys = (folder / "keys").string(), query = (folder / "query").string();
  const std::string answer = (folder / "answer").string(), samples = OBSCURA_SOURCE_DIR "/samples/digits/";
  ASSERT_EQ(obscura({"keygen", "--network", kModel, "--images-per-ciphertext", "4", "--out", keys}).status, 0);
  ASSERT_EQ(obscura({"encrypt", "--keys", keys, "--out", query, samples + "2-0.png", samples + "8-1.png"}).status, 0);
  const Result other =
      obscura({"classify", "--network", kModel, "--eval-keys", keys + "/evaluation.key", query, "--out", answer});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("another network (or another version or layout of it)"));
  ASSERT_EQ(obscura({"classify", "--network", kModel, "--eval-keys", keys + "/evaluation.key", query, "--out", answer,
                     "--images-per-ciphertext", "4"})
                .status,
            0);
  const auto images = obscura({"decrypt", "--keys", keys, answer, "--json"}).json()["images"];
  ASSERT_EQ(images.size(), 2u);
  EXPECT_EQ(images[0]["class"], 2);
  EXPECT_EQ(images[1]["class"], 8);
}

}  // namespace
}  // namespace obscura::cli
