#include "study/bench/growth.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"

namespace obscura::study {
namespace {

TEST(Growth, ThePowerOfWhatGrowsAsOneIsFound) {
  std::vector<double> x, y;
  for (const double at : {28.0, 56.0, 112.0, 224.0}) {
    x.push_back(at);
    y.push_back(0.003 * std::pow(at, 1.75));
  }
  EXPECT_NEAR(growth_exponent(x, y), 1.75, 1e-9);
}

TEST(Growth, OnePointHasNoExponent) {
  EXPECT_TRUE(std::isnan(growth_exponent({8}, {1})));
  EXPECT_TRUE(std::isnan(growth_exponent({8, 8}, {1, 2})));
  EXPECT_TRUE(std::isnan(growth_exponent({8, 9}, {1, 0})));
}

TEST(Growth, TheNetworksDifferInOneThing) {
  for (const std::size_t side : {8, 56, 256}) {
    const nn::Graph graph = growing_network(Growing::side, side);
    EXPECT_EQ(graph.input_shape(), (Shape{3, side, side}));
    EXPECT_EQ(graph.output_shape().size(), 10);
    EXPECT_EQ(graph.nodes.size(), growing_network(Growing::side, 28).nodes.size());
  }
  const std::size_t one = growing_network(Growing::depth, 1).nodes.size();
  EXPECT_EQ(growing_network(Growing::depth, 20).nodes.size(), one + 2 * 19);
}

TEST(Growth, AStepThatIsNoSideIsRefusedBeforeAnythingIsMeasured) {
  int heard = 0;
  const Notes note([&](const std::string&) { ++heard; });
  EXPECT_THROW(measure_growth(Growing::side, {28, 257}, 0, note), UsageError);
  EXPECT_THROW(measure_growth(Growing::depth, {0}, 0, note), UsageError);
  EXPECT_EQ(heard, 0);
}

TEST(Growth, ThePlotHoldsEveryPoint) {
  Growth growth;
  growth.points = {{.at = 28, .predicted = 0.1, .seconds = 0.3}, {.at = 56, .predicted = 0.4, .seconds = 1.5}};
  const report::Plot plot = growth_plot(growth);
  ASSERT_EQ(plot.series.size(), 2);
  EXPECT_EQ(plot.series[0].points.size(), 2);
  EXPECT_GE(plot.y_high, 1.5);
  EXPECT_GE(plot.x_high, 56);
}

}  // namespace
}  // namespace obscura::study
