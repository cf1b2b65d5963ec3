#include "compile/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "compile/composite.h"
#include "compile/depth.h"
#include "compile/gate_model.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "support/residual_networks.h"

/// Products of a value with polynomials of itself, from the graph to stages; a composite ReLU is one.
namespace obscura::compile {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr auto kRelu = nn::Activation::Kind::relu;

nn::Graph relu_network(nn::Activation activation = {kRelu}) {
  networks::Random random(3);
  return networks::chain({1, 12, 12}, {{"conv", networks::conv(random, 1, 3, 3, 2, 1)},
                                       {"act", activation},
                                       {"flatten", nn::Flatten{}},
                                       {"fc", networks::linear(random, 108, 5)}});
}

FitOptions composite(double bits) {
  FitOptions options;
  options.relu = FitOptions::Relu::composite;
  options.relu_bits = bits;
  return options;
}

nn::Polynomial odd() {
  return {{{0, 0.9, 0, 0.1}}, nn::Polynomial::Basis::chebyshev};
}

std::vector<double> run_stages_on(const nn::Graph& graph, const std::vector<float>& image) {
  return program::run_stages(stages_of(nn::fold_batch_norms(graph)), {image.begin(), image.end()});
}

TEST(Gates, ACompositeReluIsOneStage) {
  const auto samples = networks::images(20, 144, 4);
  FitReport report;
  const nn::Graph graph = fit_activations_in_turn(relu_network(), samples, composite(8), &report);
  const auto stages = stages_of(nn::fold_batch_norms(graph));
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0].activation, program::Stage::Activation::gated);
  EXPECT_EQ(stages[0].coefficients.size(), 2U);
  EXPECT_EQ(program::activation_depth(stages[0]), composite_relu(8).levels());
  EXPECT_EQ(report.layers.at(0).levels(), composite_relu(8).levels());
  EXPECT_THAT(report.text(), HasSubstr("7 x 15"));
}

/// Off by no more than 2^-bits of each channel's range, times what the dense layer makes of that.
TEST(Gates, TheNetworkIsTheOneWithReluToItsBits) {
  const auto samples = networks::images(20, 144, 4), others = networks::images(20, 144, 5);
  const nn::Graph original = relu_network();
  const auto& dense = std::get<nn::Linear>(original.nodes.back().layer);
  double before = INFINITY;
  for (const double bits : {4.0, 7.0, 10.0, 13.0}) {
    SCOPED_TRACE(bits);
    FitReport report;
    const nn::Graph graph = fit_activations_in_turn(original, samples, composite(bits), &report);
    double widest = 0, row = 0;
    for (const auto& channel : report.layers.at(0).channels) widest = std::max(widest, channel.high);
    for (std::size_t o = 0; o < dense.out_features; ++o) {
      double sum = 0;
      for (std::size_t i = 0; i < 108; ++i) sum += std::abs(static_cast<double>(dense.weights[o * 108 + i]));
      row = std::max(row, sum);
    }
    double worst = 0;
    for (const auto& image : others) {
      const auto exact = nn::run_reference(original, image), ours = nn::run_reference(graph, image);
      const auto staged = run_stages_on(graph, image);
      for (std::size_t k = 0; k < exact.size(); ++k) {
        worst = std::max(worst, std::abs(exact[k] - ours[k]));
        EXPECT_NEAR(staged[k], ours[k], 1e-4) << "norms are folded in single precision";
      }
    }
    EXPECT_LE(worst, 1.001 * row * widest * std::exp2(-bits));
    EXPECT_LT(worst, before);
    before = worst;
  }
}

TEST(Gates, BothWaysOfFittingAndLeakyRelu) {
  const auto samples = networks::images(20, 144, 4);
  for (const auto& activation : {nn::Activation{kRelu}, nn::Activation{nn::Activation::Kind::leaky_relu, 0.2F}}) {
    const nn::Graph original = relu_network(activation);
    const nn::Graph in_turn = fit_activations_in_turn(original, samples, composite(12));
    const nn::Graph at_once = fit_activations(original, calibrate(original, samples), composite(12));
    for (const auto& sample : samples) {
      const auto exact = nn::run_reference(original, sample);
      const auto a = nn::run_reference(in_turn, sample), b = nn::run_reference(at_once, sample);
      for (std::size_t k = 0; k < exact.size(); ++k) {
        EXPECT_NEAR(a[k], exact[k], 0.02);
        EXPECT_NEAR(b[k], exact[k], 0.02);
      }
    }
  }
}

TEST(Gates, OtherActivationsAreFittedBeside) {
  networks::Random random(3);
  const nn::Graph graph = networks::chain({1, 6, 6}, {{"flatten", nn::Flatten{}},
                                                      {"fc1", networks::linear(random, 36, 8)},
                                                      {"relu", nn::Activation{kRelu}},
                                                      {"fc2", networks::linear(random, 8, 8)},
                                                      {"silu", nn::Activation{nn::Activation::Kind::silu}},
                                                      {"fc3", networks::linear(random, 8, 3)}});
  FitReport report;
  const nn::Graph fitted = fit_activations_in_turn(graph, networks::images(20, 36, 4), composite(6), &report);
  EXPECT_FALSE(needs_fitting(fitted));
  ASSERT_EQ(report.layers.size(), 2U);
  EXPECT_FALSE(report.layers[0].composite.empty());
  EXPECT_TRUE(report.layers[1].composite.empty());
}

TEST(Gates, AFileKeepsThem) {
  const auto samples = networks::images(12, 144, 4);
  nn::Graph graph = fit_activations_in_turn(relu_network(), samples, composite(8));
  std::vector<std::vector<double>> wide;
  for (const auto& sample : samples) wide.emplace_back(sample.begin(), sample.end());
  graph.calibration = calibration_numbers(graph, wide);
  graph.origin.name = "relu.onnx";
  graph.origin.sha256 = std::string(64, '0');
  const nn::Graph back = nn::read_onnx(nn::to_onnx(graph), "saved");
  EXPECT_EQ(nn::run_reference(back, samples[0]), nn::run_reference(graph, samples[0]));
  EXPECT_EQ(compile(back).client.program, compile(graph).client.program);
}

nn::Graph product_of(const std::function<std::vector<std::size_t>(nn::Graph&)>& branches) {
  networks::Random random(5);
  nn::Graph graph = nn::make_graph("gate", {1, 4, 4});
  nn::add_node(graph, "conv", networks::conv(random, 1, 2, 3, 1, 1), {0});
  const auto inputs = branches(graph);
  nn::add_node(graph, "product", nn::Product{}, inputs);
  return graph;
}

TEST(Gates, WritesOfAGateInAnyOrder) {
  for (const bool swapped : {false, true}) {
    const nn::Graph graph = product_of([&](nn::Graph& g) {
      const std::size_t first = nn::add_node(g, "p1", odd(), {1}), second = nn::add_node(g, "p2", odd(), {first});
      return swapped ? std::vector<std::size_t>{second, 1} : std::vector<std::size_t>{1, second};
    });
    const auto gates = gated_products(graph);
    ASSERT_EQ(gates.size(), 1U);
    EXPECT_EQ(gates[0].input, 1U);
    EXPECT_EQ(gates[0].polynomials, (std::vector<std::size_t>{2, 3}));
    const std::vector<float> image(16, 0.3F);
    const auto plain = nn::run_reference(graph, image), staged = run_stages_on(graph, image);
    for (std::size_t k = 0; k < plain.size(); ++k) EXPECT_NEAR(plain[k], staged[k], 1e-9);
  }
}

/// A value may be read beside its gate.
TEST(Gates, ResidualsAroundThem) {
  const nn::Graph graph = [] {
    nn::Graph g = product_of([](nn::Graph& in) {
      return std::vector{std::size_t{1}, nn::add_node(in, "p", odd(), {1})};
    });
    nn::add_node(g, "sum", nn::Add{}, {1, 3});
    return g;
  }();
  const std::vector<float> image(16, 0.3F);
  const auto plain = nn::run_reference(graph, image), staged = run_stages_on(graph, image);
  for (std::size_t k = 0; k < plain.size(); ++k) EXPECT_NEAR(plain[k], staged[k], 1e-9);
}

TEST(Gates, DepthCountsThemAndSaysWhatFits) {
  const std::vector<float> image(3 * 32 * 32, 0.1F);
  const nn::Graph resnet = support::ResidualNetwork(1, {3, 32, 32}, nn::Activation{kRelu}).for_cifar(3, 4);
  EXPECT_THAT([&] { check_depth_before_fitting(resnet, image, composite(8)); },
              ThrowsMessage<UnsupportedError>(
                  AllOf(HasSubstr("19 composite ReLUs take 8 levels each (152)"), HasSubstr("obscura convert"))));
  const nn::Graph shallow = support::ResidualNetwork(1, {3, 32, 32}, nn::Activation{kRelu}).for_cifar(1, 4);
  EXPECT_THAT([&] { check_depth_before_fitting(shallow, image, composite(13)); },
              ThrowsMessage<UnsupportedError>(HasSubstr("--relu-bits ")));
  const Depth depth = depth_of(fit_activations_in_turn(relu_network(), networks::images(4, 144, 4), composite(8)), {});
  EXPECT_EQ(depth.gated, (std::map<std::size_t, std::size_t>{{8, 1}}));
  EXPECT_TRUE(depth.polynomials.empty()) << "those of a gate are counted with it";
}

/// Errors of x and of what polynomials make, by differences.
TEST(Gates, SlopesAreThoseOfTheFunction) {
  for (const double bits : {4.0, 8.0, 13.0}) {
    const auto stages = stages_of(
        nn::fold_batch_norms(fit_activations_in_turn(relu_network(), networks::images(8, 144, 4), composite(bits))));
    const auto slopes = gate_slopes(stages[0], 1);
    ASSERT_EQ(slopes.size(), stages[0].coefficients.size() + 1);
    double steepest = 0;
    for (int i = -20000; i < 20000; ++i) {
      const double x = i / 20000.0, h = 1e-7;
      std::vector<double> two(stages[0].output.size(), 0);
      two[0] = x, two[1] = x + h;
      program::apply_activation(stages[0], two);
      steepest = std::max(steepest, std::abs(two[1] - two[0]) / h);
    }
    EXPECT_NEAR(slopes[0], steepest, 0.02 * steepest);
    for (const double slope : slopes) EXPECT_LT(slope, 40) << "however steep the sign is";
    EXPECT_GE(slopes.back(), 1);
  }
}

}  // namespace
}  // namespace obscura::compile
