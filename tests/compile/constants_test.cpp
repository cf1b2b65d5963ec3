#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "compile/clear_run.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "nn/reference.h"

/// Layers that every image gives the same, as a gate that never opens has them: they are numbers, and no stages.
namespace obscura::compile {
namespace {

using ::testing::HasSubstr;

const nn::Polynomial kNever{{{0.0, 0.0, 0.0}}};
const nn::Polynomial kAlways{{{0.75, 0.0}, {-1.25, 0.0}, {0.5, 0.0}}};

/// A convolution of three maps and a branch behind it that the polynomial makes a constant: nodes 1 and 4.
nn::Graph gate(const nn::Polynomial& opens, const nn::Layer& behind) {
  networks::Random random(7);
  nn::Graph graph = nn::make_graph("gate", {2, 6, 6});
  nn::add_node(graph, "x", networks::conv(random, 2, 3, 3, 1, 1), {0});
  nn::add_node(graph, "opens", opens, {1});
  nn::add_node(graph, "mixed", networks::conv(random, 3, 3, 1, 1, 0), {2});
  nn::add_node(graph, "behind", behind, {3});
  return graph;
}

void expect_runs_as(nn::Graph graph, std::size_t stages) {
  networks::Random random(8);
  const std::size_t last = graph.nodes.size() - 1;
  nn::add_node(graph, "square", nn::Square{}, {last});
  nn::add_node(graph, "flatten", nn::Flatten{}, {last + 1});
  nn::add_node(graph, "fc", networks::linear(random, graph.nodes.back().shape.size(), 4), {last + 2});
  const auto made = stages_of(graph);
  EXPECT_EQ(made.size(), stages);
  const auto program = compile(graph);
  for (const auto& image : networks::images(3, graph.input_shape().size(), 9)) {
    const auto expected = nn::run_reference(graph, image);
    const auto y = program::run_stages(made, {image.begin(), image.end()});
    const auto z = testing::ClearRun(program).run({image}).front();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(y[i], expected[i], 1e-9) << i;
      EXPECT_NEAR(z[i], expected[i], 1e-6) << i;
    }
  }
}

TEST(Constants, AProductWithOneIsItsScale) {
  for (const auto& opens : {kNever, kAlways}) {
    for (const nn::Layer& behind : {nn::Layer(nn::Square{}), nn::Layer(nn::Polynomial{{{0.5, 0.25, 0, 1}}}),
                                    nn::Layer(nn::Polynomial{{{0.5, 0.25, 0.5}}})}) {
      nn::Graph graph = gate(opens, behind);
      nn::add_node(graph, "product", nn::Product{}, {4, 1});
      nn::add_node(graph, "sum", nn::Add{}, {5, 1});
      expect_runs_as(graph, 2);
    }
  }
}

TEST(Constants, ASumOrConcatWithOneIsShifted) {
  for (const auto& opens : {kNever, kAlways}) {
    nn::Graph sum = gate(opens, nn::Square{});
    nn::add_node(sum, "sum", nn::Add{}, {4, 1});
    expect_runs_as(sum, 2);
    nn::Graph joined = gate(opens, nn::Square{});
    nn::add_node(joined, "square", nn::Square{}, {1});
    nn::add_node(joined, "concat", nn::Concat{}, {5, 4});
    expect_runs_as(joined, 3);
  }
}

TEST(Constants, AGateOfOneIsOne) {
  networks::Random random(3);
  nn::Graph graph = gate(kAlways, nn::Square{});
  nn::add_node(graph, "cubic", nn::Polynomial{{{0.5, 0.25, 0, 0.125}}}, {4});
  nn::add_node(graph, "gated", nn::Product{}, {4, 5});
  nn::add_node(graph, "sum", nn::Add{}, {6, 1});
  expect_runs_as(graph, 2);
}

TEST(Constants, AnOutputThatIsOneIsRefusedByName) {
  EXPECT_THAT([] { stages_of(gate(kAlways, nn::Square{})); },
              ::testing::ThrowsMessage<UnsupportedError>(HasSubstr("the output of the network gate does not depend")));
}

}  // namespace
}  // namespace obscura::compile
