#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compile/approximate.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

/// A fitted network that was written to a file is the network that was fitted.
namespace obscura::compile {
namespace {

nn::Graph relu_network() {
  networks::Random random(3);
  return networks::chain({1, 12, 12}, {{"conv", networks::conv(random, 1, 3, 3, 2, 1)},
                                       {"act", nn::Activation{nn::Activation::Kind::relu}},
                                       {"flatten", nn::Flatten{}},
                                       {"fc", networks::linear(random, 108, 5)}});
}

struct Fitted {
  nn::Graph original = relu_network();
  std::vector<std::vector<float>> samples = networks::images(12, 144, 4);
  nn::Graph graph;
  explicit Fitted(std::size_t degree) {
    FitOptions options;
    options.max_degree = degree;
    graph = fit_activations_in_turn(original, samples, options);
    std::vector<std::vector<double>> wide;
    for (const auto& sample : samples) wide.emplace_back(sample.begin(), sample.end());
    graph.calibration = calibration_numbers(graph, wide);
    graph.origin.name = "relu.onnx";
    graph.origin.sha256 = std::string(64, '0');
  }
};

TEST(SavedFit, CompilesToTheSameProgram) {
  for (const std::size_t degree : {7, 15, 31, 63}) {
    SCOPED_TRACE(degree);
    const Fitted fitted(degree);
    const nn::Graph back = nn::read_onnx(nn::to_onnx(fitted.graph), "saved");
    EXPECT_EQ(nn::run_reference(back, fitted.samples[0]), nn::run_reference(fitted.graph, fitted.samples[0]));
    if (degree > 15) continue;  // deep programs take their time
    const Program before = compile(fitted.graph), after = compile(back);
    EXPECT_EQ(after.client.program, before.client.program);
    EXPECT_EQ(after.client.fit_error, before.client.fit_error);
    EXPECT_EQ(after.client.logit_range, before.client.logit_range);
  }
}

TEST(SavedFit, TellsWhatFittingDidToTheLogits) {
  const Fitted fitted(7);
  double worst = 0, largest = 0;
  for (const auto& sample : fitted.samples) {
    const auto exact = nn::run_reference(fitted.original, sample), ours = nn::run_reference(fitted.graph, sample);
    for (std::size_t k = 0; k < exact.size(); ++k) {
      worst = std::max(worst, std::abs(exact[k] - ours[k]));
      largest = std::max(largest, std::abs(ours[k]));
    }
  }
  const Program program = compile(fitted.graph);
  EXPECT_NEAR(program.client.fit_error, worst, 1e-12);
  EXPECT_NEAR(program.client.logit_range, message::kLogitHeadroom * largest, 1e-3 * largest);
  EXPECT_THAT(report(program), ::testing::AllOf(::testing::HasSubstr("encryption "), ::testing::HasSubstr(", fit ")));
}

TEST(SavedFit, NothingIsKnownOfMadeUpImages) {
  const Program program = compile(networks::dense(1, {1, 8, 8}, 4, 3));
  EXPECT_EQ(program.client.logit_range, 0);
  EXPECT_EQ(program.client.fit_error, 0);
  EXPECT_THAT(report(program), ::testing::HasSubstr("was not calibrated"));
}

TEST(SavedFit, TheClientLearnsWhatIsLeftToTheOwner) {
  nn::Graph graph = networks::dense(1, {1, 8, 8}, 4, 3);
  graph.head = Head::sigmoid;
  EXPECT_EQ(compile(graph).client.head, Head::sigmoid);
}

}  // namespace
}  // namespace obscura::compile
