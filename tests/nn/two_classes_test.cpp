#include "nn/two_classes.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/reference.h"
#include "tensor/decision.h"

namespace obscura::nn {
namespace {

const std::vector<float> kPictures[] = {{1, -2, 0.5F, 3}, {-1, 0.25F, -4, 2}, {0, 0, 0, 0}};

Graph one_output(bool bias, bool activation_behind) {
  Graph graph = make_graph("door", {1, 2, 2});
  const std::size_t flat = add_node(graph, "flat", Flatten{}, {0});
  const std::vector<float> biases = bias ? std::vector{-0.5F} : std::vector<float>{};
  const std::size_t last = add_node(graph, "fc", Linear{1, {0.5F, -1, 2, 0.25F}, biases}, {flat});
  if (activation_behind) add_node(graph, "act", Activation{Activation::Kind::tanh}, {last});
  graph.head = Head::sigmoid;
  graph.preprocessing.classes = {"door"};
  return graph;
}

TEST(TwoClasses, ZeroAndTheLogitAndBack) {
  for (const bool bias : {false, true}) {
    for (const bool behind : {false, true}) {
      const Graph one = one_output(bias, behind);
      const Graph two = as_two_classes(one);
      const Graph back = as_one_output(two, one);
      EXPECT_EQ(two.nodes.size(), one.nodes.size() + (behind ? 1 : 0));
      EXPECT_EQ(two.preprocessing.classes, (std::vector<std::string>{"not door", "door"}));
      EXPECT_EQ(two.head, Head::none);
      EXPECT_EQ(back.preprocessing.classes, one.preprocessing.classes);
      EXPECT_EQ(back.head, Head::sigmoid);
      EXPECT_EQ(back.nodes.back().name, two.nodes.back().name);
      for (const auto& picture : kPictures) {
        const double z = run_reference(one, picture)[0];
        const auto pair = run_reference(two, picture);
        ASSERT_EQ(pair.size(), 2U);
        EXPECT_NEAR(pair[0], 0, 1e-7);
        EXPECT_NEAR(pair[1], z, 1e-6);
        EXPECT_NEAR(run_reference(back, picture)[0], z, 1e-6);
      }
    }
  }
}

TEST(TwoClasses, TheDifferenceIsWhatDecides) {
  const Graph one = one_output(true, false);
  Graph two = as_two_classes(one);
  auto& last = std::get<Linear>(two.nodes.back().layer);
  last = {2, {0.25F, 1, -0.5F, 2, 1, -1, 0.75F, 0.5F}, {0.5F, -0.25F}};
  for (const auto& picture : kPictures) {
    const auto pair = run_reference(two, picture);
    const auto z = run_reference(as_one_output(two, one), picture);
    ASSERT_EQ(z.size(), 1U);
    EXPECT_NEAR(z[0], pair[1] - pair[0], 1e-6);
    EXPECT_EQ(predicted_class(std::span<const double>(z)), predicted_class(std::span<const double>(pair)));
  }
}

TEST(TwoClasses, OtherEndsHaveNoWayBack) {
  const Graph one = one_output(true, false);
  EXPECT_THROW(as_one_output(one, one), UnsupportedError);
}

}  // namespace
}  // namespace obscura::nn
