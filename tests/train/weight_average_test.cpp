#include "train/encrypted/weight_average.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/encrypted/zoo.h"

namespace obscura::train {
namespace {

void fill(Network& network, double value) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network.parameters()) parameter.fill_(value);
  for (auto& buffer : network.buffers()) buffer.fill_(buffer.is_floating_point() ? value : 7);
}

TEST(WeightAverage, IsTheGeometricMeanOfAllSteps) {
  const Model model = make_model("chunk-own", {1, 45, 61}, 10);
  const NetworkForm form{model.recipe.normalised_squares};
  Network now(model.graph, form);
  fill(now, 3);
  WeightAverage average(now, model.graph, form, 0.75);
  double expected = 3;
  for (const double value : {1.0, -2.0, 0.5, 0.5, 9.0}) {
    fill(now, value);
    average.add(now);
    expected = 0.75 * expected + 0.25 * value;
    for (const auto& parameter : average.network()->parameters()) {
      EXPECT_NEAR((parameter - expected).abs().max().item<double>(), 0, 1e-5);
    }
    for (const auto& buffer : average.network()->buffers()) {
      EXPECT_NEAR((buffer.to(torch::kFloat) - (buffer.is_floating_point() ? expected : 7)).abs().max().item<double>(),
                  0, 1e-5);
    }
  }
  for (const auto& parameter : now.parameters()) EXPECT_EQ(parameter.min().item<double>(), 9) << "it is left alone";
}

TEST(WeightAverage, OfAStandingNetworkIsThatNetwork) {
  const Model model = make_model("whole-own", {1, 48, 64}, 10);
  torch::manual_seed(3);
  Network now(model.graph, {});
  WeightAverage average(now, model.graph, {}, 0.9);
  for (int i = 0; i < 3; ++i) average.add(now);
  const auto images = torch::rand({2, 1, 48, 64});
  now.eval(), average.network()->eval();
  EXPECT_TRUE(torch::allclose(now.forward(images), average.network()->forward(images), 1e-4, 1e-5));
}

}  // namespace
}  // namespace obscura::train
