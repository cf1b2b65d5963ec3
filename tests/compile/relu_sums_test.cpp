#include "compile/relu_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compile/approximate.h"
#include "compile/depth.h"
#include "compile/networks.h"
#include "nn/reference.h"

/// Clips and their kin as sums of ReLUs, for which composite signs can stand.
namespace obscura::compile {
namespace {

using Kind = nn::Activation::Kind;

const nn::Activation kAll[] = {{Kind::clip, 0.0F, 6.0F},
                               {Kind::clip, -0.5F, 1.5F},
                               {Kind::hard_sigmoid, 1.0F / 6, 0.5F},
                               {Kind::hard_sigmoid, -0.2F, 0.4F},
                               {Kind::hard_swish}};

nn::Graph network(const nn::Activation& activation) {
  networks::Random random(3);
  nn::Conv2d conv = networks::conv(random, 1, 3, 3, 2, 1);
  for (float& w : conv.weights) w *= 6;  // both kinks are passed
  return networks::chain(
      {1, 12, 12},
      {{"conv", conv}, {"act", activation}, {"flatten", nn::Flatten{}}, {"fc", networks::linear(random, 108, 5)}});
}

bool holds(const nn::Graph& graph, Kind kind) {
  return std::ranges::any_of(graph.nodes, [kind](const nn::Node& node) {
    const auto* activation = std::get_if<nn::Activation>(&node.layer);
    return activation != nullptr && activation->kind == kind;
  });
}

TEST(ReluSums, AreTheSameFunction) {
  for (const auto& activation : kAll) {
    SCOPED_TRACE(nn::activation_name(activation));
    ASSERT_TRUE(is_relu_sum(activation));
    const nn::Graph original = network(activation), sums = with_relu_sums(original);
    EXPECT_FALSE(holds(sums, activation.kind));
    EXPECT_TRUE(holds(sums, Kind::relu));
    for (const auto& image : networks::images(20, 144, 4)) {
      const auto a = nn::run_reference(original, image), b = nn::run_reference(sums, image);
      for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 1e-5);
    }
  }
}

TEST(ReluSums, LeaveEverythingElse) {
  for (const Kind kind : {Kind::relu, Kind::leaky_relu, Kind::silu, Kind::gelu}) {
    const nn::Graph graph = with_relu_sums(network({kind, 0.1F}));
    EXPECT_TRUE(holds(graph, kind));
    EXPECT_EQ(graph.nodes.size(), network({kind, 0.1F}).nodes.size());
  }
}

/// With more bits the network of composite signs comes nearer to the original; a fitted polynomial stays off.
TEST(ReluSums, CompositesFollowThemToTheirBits) {
  const auto samples = networks::images(20, 144, 4), others = networks::images(20, 144, 5);
  for (const auto& activation : kAll) {
    SCOPED_TRACE(nn::activation_name(activation));
    const nn::Graph original = network(activation);
    const auto worst = [&](const nn::Graph& graph) {
      double most = 0;
      for (const auto& image : others) {
        const auto a = nn::run_reference(original, image), b = nn::run_reference(graph, image);
        for (std::size_t k = 0; k < a.size(); ++k) most = std::max(most, std::abs(a[k] - b[k]));
      }
      return most;
    };
    FitOptions options;
    const double fitted = worst(fit_activations_in_turn(original, samples, options));
    options.relu = FitOptions::Relu::composite;
    double before = INFINITY;
    for (const double bits : {6.0, 9.0, 12.0}) {
      options.relu_bits = bits;
      const nn::Graph graph = fit_activations_in_turn(with_relu_sums(original), samples, options);
      EXPECT_FALSE(needs_fitting(graph));
      const double now = worst(graph);
      EXPECT_LT(now, before / 3) << "three bits are a factor of eight";
      before = now;
    }
    EXPECT_LT(before, fitted / 4);
  }
}

}  // namespace
}  // namespace obscura::compile
