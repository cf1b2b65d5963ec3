#include "compile/depth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "support/random_graph.h"
#include "support/residual_networks.h"

namespace obscura::compile {
namespace {

using support::polynomial_of_degree;
using support::ResidualNetwork;
using ::testing::AllOf;
using ::testing::HasSubstr;

const Shape kCifar{3, 32, 32}, kImageNet{3, 224, 224};

nn::Graph resnet20(const nn::Layer& activation) {
  return ResidualNetwork(1, kCifar, activation).for_cifar(3, 4);
}

template <typename Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const UnsupportedError& e) {
    return e.what();
  }
  return "";
}

TEST(Depth, CountsLevelsAlongTheDeepestPath) {
  const Depth depth = depth_of(resnet20(polynomial_of_degree(15)), {});
  EXPECT_EQ(depth.polynomials, (std::map<std::size_t, std::size_t>{{15, 19}}));
  EXPECT_EQ(depth.linear, 18U);
  EXPECT_EQ(depth.squares, 0U);
  EXPECT_GE(depth.bits, (19 * 4 + 18) * 30);
  const Depth squares = depth_of(resnet20(nn::Square{}), {});
  EXPECT_EQ(squares.squares, 19U);
  EXPECT_TRUE(squares.polynomials.empty());
}

TEST(Depth, BranchesCountOnce) {
  networks::Random random(1);
  nn::Graph graph = nn::make_graph("branches", {1, 8, 8});
  nn::add_node(graph, "conv1", networks::conv(random, 1, 2, 3, 1, 1), {0});
  nn::add_node(graph, "deep", polynomial_of_degree(7), {1});
  nn::add_node(graph, "conv2", networks::conv(random, 1, 2, 3, 1, 1), {0});
  nn::add_node(graph, "flat", nn::Square{}, {3});
  nn::add_node(graph, "sum", nn::Add{}, {4, 2});
  nn::add_node(graph, "conv3", networks::conv(random, 2, 2, 3, 1, 1), {5});
  nn::add_node(graph, "last", polynomial_of_degree(3), {6});
  const Depth depth = depth_of(graph, {});
  EXPECT_EQ(depth.polynomials, (std::map<std::size_t, std::size_t>{{3, 1}, {7, 1}}));
  EXPECT_EQ(depth.squares, 0U) << "the shallow branch";
  EXPECT_EQ(depth.linear, 1U);
}

TEST(Depth, RefusesWithTheArithmeticAndARemedy) {
  EXPECT_THAT(refusal([] { check_depth(resnet20(polynomial_of_degree(15))); }),
              AllOf(HasSubstr("19 activations of degree 15 take 4 levels each (76)"),
                    HasSubstr("18 linear layers between them 1 each (18): 94 levels"), HasSubstr("2^16"),
                    HasSubstr("57 levels"), HasSubstr("--max-degree 2"), HasSubstr("fewer activations")));
  EXPECT_EQ(refusal([] { check_depth(resnet20(nn::Square{})); }), "");
}

/// Compiling asks first: no map of a ResNet-18 is computed, which would be gigabytes.
TEST(Depth, IsKnownBeforeAnythingIsComputed) {
  const nn::Graph deep = ResidualNetwork(1, kImageNet, polynomial_of_degree(15)).eighteen();
  EXPECT_THAT(refusal([&] { compile(deep); }), HasSubstr("17 activations of degree 15"));
  EXPECT_THAT(refusal([&] { calibration_numbers(deep, {}); }), HasSubstr("17 activations of degree 15"));
  const nn::Graph wide = ResidualNetwork(1, kImageNet, nn::Square{}).eighteen();
  EXPECT_THAT(refusal([&] { compile(wide); }),
              AllOf(HasSubstr("too large"), HasSubstr("224 x 224"), HasSubstr("smaller images")));
}

TEST(Depth, IsBoundedBeforeActivationsAreFitted) {
  const nn::Graph deep = resnet20(nn::Activation{nn::Activation::Kind::relu});
  const auto sample = support::random_images(kCifar, 1, 1).front();
  EXPECT_THAT(refusal([&] { check_depth_before_fitting(deep, sample, {}); }),
              AllOf(HasSubstr("activations of degree 15 take 4 levels each"),
                    HasSubstr("18 linear layers between them"), HasSubstr("57 levels"), HasSubstr("--max-degree 2")));
  FitOptions quadratics;
  quadratics.max_degree = 2;
  EXPECT_EQ(refusal([&] { check_depth_before_fitting(deep, sample, quadratics); }), "");
  EXPECT_THROW(check_depth_before_fitting(deep, {1, 2, 3}, {}), MismatchError);
  // One that takes long in the clear is not run.
  const nn::Graph large = ResidualNetwork(1, kImageNet, nn::Activation{nn::Activation::Kind::relu}).eighteen();
  EXPECT_THAT(refusal([&] { check_depth_before_fitting(large, std::vector<float>(kImageNet.size()), {}); }),
              AllOf(HasSubstr("17 activations of degree"), HasSubstr("levels each")));
}

TEST(Depth, UnfittedActivationsAreNamedWithADegreeThatHasRoom) {
  EXPECT_THAT(refusal([] { compile(resnet20(nn::Activation{nn::Activation::Kind::relu})); }),
              AllOf(HasSubstr("(ReLU) is not a polynomial"), HasSubstr("--max-degree 2"), HasSubstr("(76)")));
}

TEST(Depth, MaximumPoolsAreRefusedBeforeAnythingElseIsSaid) {
  nn::Graph graph = nn::make_graph("pooled", {1, 6, 6});
  nn::add_node(graph, "relu", nn::Activation{nn::Activation::Kind::relu}, {0});
  nn::add_node(graph, "largest", nn::MaxPool{{2, 2}, {2, 2}}, {1});
  const auto told = AllOf(HasSubstr("layer 'largest' has a maximum pooling, which cannot be computed under encryption"),
                          HasSubstr("obscura convert puts average pooling in its place"));
  EXPECT_THAT(refusal([&] { compile(graph); }), told);
  EXPECT_THAT(refusal([&] { calibration_numbers(graph, {}); }), told);
  EXPECT_THAT(refusal([&] { check_depth_before_fitting(graph, std::vector<float>(36), {}); }), told);
}

/// The bound never refuses what can be compiled.
TEST(Depth, IsABound) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    support::RandomGraphOptions options;
    options.blocks = 3;
    options.max_degree = seed % 2 == 0 ? 7 : 3;
    options.max_side = 8;
    options.products = seed % 3 == 0;
    const nn::Graph graph = support::random_graph(seed, options);
    Program program;
    if (!refusal([&] { program = compile(graph); }).empty()) continue;
    double bits = 0;
    for (const int b : program.schedule.q_bits) bits += b;
    EXPECT_LE(depth_of(nn::fold_batch_norms(graph), {}).bits, bits + 4) << "seed " << seed;
  }
}

TEST(Depth, IsInDoubtWhereUsualPrecisionHasNoRoom) {
  const auto doubt = [](std::size_t n) {
    const nn::Graph graph = support::ResidualNetwork(1, {1, 16, 16}, nn::Square{}).for_cifar(n, 2);
    check_depth(graph);
    return depth_doubt(graph);
  };
  EXPECT_EQ(doubt(5), "") << "a ResNet-32, which compiles";
  EXPECT_THAT(doubt(7), HasSubstr("43 activations"));
}

}  // namespace
}  // namespace obscura::compile
