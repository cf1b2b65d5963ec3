#include "compile/approximate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "nn/reference.h"
#include "support/random_graph.h"

namespace obscura::compile {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Convolution, activation, dense layer on 1 x 8 x 8.
nn::Graph small_network(const nn::Activation& activation) {
  nn::Graph graph = nn::make_graph("small", {1, 8, 8});
  nn::Conv2d conv;
  conv.out_channels = 2;
  conv.kernel = {3, 3};
  conv.weights.resize(18);
  for (std::size_t i = 0; i < 18; ++i) conv.weights[i] = std::sin(1.7F * static_cast<float>(i));
  nn::Linear dense{3, std::vector<float>(3 * 72), {0.1F, 0.2F, 0.3F}};
  for (std::size_t i = 0; i < dense.weights.size(); ++i) dense.weights[i] = 0.1F * std::cos(static_cast<float>(i));
  nn::add_node(graph, "conv", conv, {0});
  nn::add_node(graph, "act", activation, {1});
  nn::add_node(graph, "fc", dense, {2});
  return graph;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

TEST(Calibrate, MeasuresEveryNode) {
  nn::Graph graph = nn::make_graph("g", {1, 1, 2});
  nn::add_node(graph, "square", nn::Square{}, {0});
  const auto ranges = calibrate(graph, {{1, -2}, {3, 0}});
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].count, 4U);
  EXPECT_EQ(ranges[0].low, -2);
  EXPECT_EQ(ranges[0].high, 3);
  EXPECT_EQ(ranges[0].mean, 0.5);
  EXPECT_DOUBLE_EQ(ranges[0].rms, std::sqrt(14.0 / 4));
  EXPECT_EQ(ranges[1].low, 0);
  EXPECT_EQ(ranges[1].high, 9);
  EXPECT_EQ(ranges[0].quantiles.front(), -2);
  EXPECT_EQ(ranges[0].quantiles.back(), 3);
}

TEST(Calibrate, ThreadsChangeNothing) {
  const nn::Graph graph = support::random_graph(4);
  const auto samples = support::random_images(graph.input_shape(), 90, 1);
  ThreadPool pool(3);
  const auto alone = calibrate(graph, samples), together = calibrate(graph, samples, &pool);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].low, together[i].low);
    EXPECT_EQ(alone[i].mean, together[i].mean);
    EXPECT_EQ(alone[i].quantiles, together[i].quantiles);
    EXPECT_TRUE(std::ranges::is_sorted(alone[i].quantiles));
  }
}

TEST(Calibrate, QuantilesAreThoseOfTheValues) {
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  const auto ranges = calibrate(graph, support::random_images({1, 8, 8}, 400, 2));
  EXPECT_NEAR(ranges[0].quantiles[128], 0, 0.05) << "of uniform pixels in [-1, 1]";
  EXPECT_NEAR(ranges[0].quantiles[64], -0.5, 0.05);
}

TEST(Calibrate, RefusesWhatItCannotMeasure) {
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  EXPECT_THROW(calibrate(graph, {}), MismatchError);
  EXPECT_THROW(calibrate(graph, {{1, 2}}), MismatchError);
  nn::Graph hot = nn::make_graph("hot", {1, 1, 1});
  for (std::size_t i = 0; i < 12; ++i) nn::add_node(hot, "square" + std::to_string(i), nn::Square{}, {i});
  EXPECT_THAT([&] { calibrate(hot, {{1e6F}}); }, ThrowsMessage<UnsupportedError>(HasSubstr("square")));
}

TEST(FitActivations, SmallestDegreeThatIsGoodEnough) {
  using Kind = nn::Activation::Kind;
  for (const nn::Activation& activation : {nn::Activation{Kind::relu},
                                           {Kind::silu},
                                           {Kind::gelu},
                                           {Kind::sigmoid},
                                           {Kind::tanh},
                                           {Kind::leaky_relu, 0.2F},
                                           {Kind::softplus},
                                           {Kind::mish},
                                           {Kind::hard_swish},
                                           {Kind::elu, 1.0F},
                                           {Kind::clip, 0.0F, 6.0F}}) {
    SCOPED_TRACE(nn::activation_name(activation));
    const nn::Graph graph = small_network(activation);
    const auto samples = support::random_images({1, 8, 8}, 100, 3);
    const auto ranges = calibrate(graph, samples);
    FitReport report;
    const nn::Graph fitted = fit_activations(graph, ranges, {}, &report);
    ASSERT_EQ(report.layers.size(), 1U);
    const FittedLayer& layer = report.layers[0];
    EXPECT_EQ(layer.name, "act");
    const bool kinked = layer.function.find("ReLU") != std::string::npos;
    EXPECT_EQ(layer.reached, !kinked) << "degree 15 is not enough for a kink";
    EXPECT_LE(layer.rms_error, layer.max_error);
    EXPECT_GT(layer.fitted.width(), 1.19 * layer.seen.width());
    EXPECT_LE(layer.levels(), 4U);
    EXPECT_FALSE(needs_fitting(fitted));
    EXPECT_EQ(fitted.output_shape(), graph.output_shape());
    // An error of max_error in each of 72 values, times weights of at most 0.1.
    for (const auto& image : samples) {
      EXPECT_LT(largest_difference(nn::run_reference(graph, image), nn::run_reference(fitted, image)),
                72 * 0.1 * layer.max_error + 1e-4);
      EXPECT_EQ(out_of_range(fitted, report, image), 0U);
    }
  }
}

TEST(FitActivations, TheGraphComputesTheFit) {
  const nn::Graph graph = small_network({nn::Activation::Kind::silu});
  const auto ranges = calibrate(graph, support::random_images({1, 8, 8}, 50, 3));
  for (const std::size_t degree : {2, 3, 7, 15, 31}) {
    FitOptions options;
    options.max_degree = degree;
    options.relative_error = 1e-13;
    options.method = FitOptions::Method::minimax;
    FitReport report;
    const nn::Graph fitted = fit_activations(graph, ranges, options, &report);
    const FittedLayer& layer = report.layers[0];
    EXPECT_EQ(layer.degree, degree);
    const Approximation fit = fit_minimax([](double x) { return x / (1 + std::exp(-x)); }, layer.fitted, degree);
    const auto image = support::random_images({1, 8, 8}, 1, 77)[0];
    const auto values = nn::run_reference_layers(fitted, image);
    const std::size_t output = fitted.nodes.back().inputs[0];
    for (std::size_t i = 0; i < values[output].size(); ++i) {
      EXPECT_NEAR(values[output][i], fit(values[layer.input][i]), 3e-6) << degree;
    }
  }
}

TEST(FitActivations, LeastSquaresIsCloserOnWhatWasSeen) {
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  const auto ranges = calibrate(graph, support::random_images({1, 8, 8}, 100, 3));
  FitOptions options;
  FitReport even, weighted;
  fit_activations(graph, ranges, options, &weighted);
  options.method = FitOptions::Method::minimax;
  fit_activations(graph, ranges, options, &even);
  EXPECT_EQ(even.layers[0].degree, weighted.layers[0].degree);
  EXPECT_LT(weighted.layers[0].rms_error, even.layers[0].rms_error);
}

TEST(FitActivations, PartsThatAreLinearCostNothing) {
  nn::Graph graph = nn::make_graph("g", {1, 2, 2});
  nn::add_node(graph, "norm", nn::BatchNorm{{1}, {5}}, {0});
  nn::add_node(graph, "act", nn::Activation{nn::Activation::Kind::relu}, {1});
  FitReport report;
  const nn::Graph fitted =
      fit_activations(graph, calibrate(graph, support::random_images({1, 2, 2}, 9, 1)), {}, &report);
  EXPECT_EQ(report.layers[0].degree, 1U) << "never below zero";
  EXPECT_EQ(report.layers[0].levels(), 1U);
  EXPECT_NEAR(nn::run_reference(fitted, std::vector<float>{0.5F, 0, 0, 0})[0], 5.5, 1e-5);
}

TEST(FitActivations, RandomNetworksKeepTheirFunction) {
  support::RandomGraphOptions drawn;
  drawn.activations = true;
  std::size_t fits = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const nn::Graph graph = support::random_graph(seed, drawn);
    const auto samples = support::random_images(graph.input_shape(), 30, seed);
    FitOptions options;
    options.relative_error = 1e-4;
    options.max_degree = 63;
    options.margin = 1.5;
    FitReport report;
    const nn::Graph fitted = fit_activations(graph, calibrate(graph, samples), options, &report);
    fits += report.layers.size();
    EXPECT_FALSE(needs_fitting(fitted));
    for (const auto& image : samples) {
      EXPECT_LT(largest_difference(nn::run_reference(graph, image), nn::run_reference(fitted, image)), 0.05);
    }
  }
  EXPECT_GT(fits, 30U);
}

/// Blocks of convolution and ReLU with weights of a usual start.
nn::Graph deep_network(std::size_t blocks) {
  std::mt19937_64 random(5);
  nn::Graph graph = nn::make_graph("deep", {1, 8, 8});
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t in = graph.output_shape().channels;
    std::normal_distribution<float> normal(0, std::sqrt(2 / (9 * static_cast<float>(in))));
    nn::Conv2d conv;
    conv.out_channels = 6;
    conv.kernel = {3, 3};
    conv.padding = {1, 1, 1, 1};
    conv.weights.resize(6 * in * 9);
    for (float& w : conv.weights) w = normal(random);
    nn::add_node(graph, "conv" + std::to_string(b), conv, {graph.nodes.size() - 1});
    nn::add_node(graph, "relu" + std::to_string(b), nn::Activation{}, {graph.nodes.size() - 1});
  }
  nn::Linear dense{10, std::vector<float>(10 * graph.output_shape().size()), {}};
  std::normal_distribution<float> normal(0, 0.05F);
  for (float& w : dense.weights) w = normal(random);
  nn::add_node(graph, "fc", dense, {graph.nodes.size() - 1});
  return graph;
}

TEST(FitActivations, LayerAfterLayerIsCloser) {
  const nn::Graph graph = deep_network(5);
  const auto samples = support::random_images({1, 8, 8}, 60, 1);
  const auto fresh = support::random_images({1, 8, 8}, 60, 2);
  std::size_t lost = 0;
  FitReport alone, together;
  const nn::Graph a = fit_activations(graph, calibrate(graph, samples), {}, &alone);
  const nn::Graph b = fit_activations_in_turn(graph, samples, {}, &together);
  ASSERT_EQ(alone.layers.size(), 5U);
  ASSERT_EQ(together.layers.size(), 5U);
  EXPECT_EQ(alone.layers[0].fitted, together.layers[0].fitted) << "nothing is replaced before the first";
  double before = 0, after = 0;
  for (const auto& image : fresh) {
    const auto exact = nn::run_reference(graph, image);
    if (out_of_range(a, alone, image) + out_of_range(b, together, image) > 0) {
      ++lost;  // worthless, and known to be
      continue;
    }
    before += largest_difference(exact, nn::run_reference(a, image));
    after += largest_difference(exact, nn::run_reference(b, image));
  }
  EXPECT_LT(after, before);
  EXPECT_LE(lost, 3U);
}

TEST(FitActivations, ChannelByChannelIsCloser) {
  nn::Graph graph = deep_network(3);
  // Channels of very different sizes, as trained networks have them.
  auto& conv = std::get<nn::Conv2d>(graph.nodes[1].layer);
  for (std::size_t i = 0; i < conv.weights.size(); ++i) conv.weights[i] *= i / 9 == 2 ? 4.0F : 0.5F;
  const auto samples = support::random_images({1, 8, 8}, 60, 1);
  for (const auto method : {FitOptions::Method::least_squares, FitOptions::Method::minimax}) {
    FitOptions options;
    options.method = method;
    FitReport apart, shared;
    const nn::Graph a = fit_activations_in_turn(graph, samples, options, &apart);
    options.channelwise = false;
    const nn::Graph b = fit_activations_in_turn(graph, samples, options, &shared);
    ASSERT_EQ(apart.layers[0].channels.size(), 6U);
    EXPECT_TRUE(shared.layers[0].channels.empty());
    EXPECT_LT(apart.layers[0].channels[0].width(), apart.layers[0].channels[2].width() / 2);
    EXPECT_LT(apart.layers[0].rms_error, shared.layers[0].rms_error);
    double before = 0, after = 0;
    for (const auto& image : samples) {
      const auto exact = nn::run_reference(graph, image);
      before += largest_difference(exact, nn::run_reference(b, image));
      after += largest_difference(exact, nn::run_reference(a, image));
      EXPECT_EQ(out_of_range(a, apart, image), 0U);
    }
    EXPECT_LT(after, before);
  }
  FitOptions options;
  options.channel_margin = 0.9;
  EXPECT_THROW(fit_activations_in_turn(graph, samples, options), ParameterError);
  // Up to degree 2 a row of powers a channel.
  options.channel_margin = 1.5;
  options.max_degree = 2;
  const nn::Graph quadratic = fit_activations_in_turn(graph, samples, options);
  EXPECT_EQ(std::get<nn::Polynomial>(quadratic.nodes[2].layer).coefficients.size(), 6U);
}

TEST(FitActivations, LayerAfterLayerOnBranchesAndThreads) {
  support::RandomGraphOptions drawn;
  drawn.activations = true;
  drawn.pads = true;
  ThreadPool pool(2);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const nn::Graph graph = support::random_graph(seed, drawn);
    const auto samples = support::random_images(graph.input_shape(), 20, seed);
    FitOptions options;
    options.relative_error = 1e-4;
    options.max_degree = 31;
    FitReport report;
    const nn::Graph fitted = fit_activations_in_turn(graph, samples, options, &report, seed % 2 == 0 ? &pool : nullptr);
    EXPECT_FALSE(needs_fitting(fitted));
    for (const auto& image : samples) {
      EXPECT_LT(largest_difference(nn::run_reference(graph, image), nn::run_reference(fitted, image)), 0.1);
      EXPECT_EQ(out_of_range(fitted, report, image), 0U);
    }
  }
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  EXPECT_THROW(fit_activations_in_turn(graph, {}, {}), MismatchError);
  EXPECT_THROW(fit_activations_in_turn(graph, {{1.0F, 2.0F}}, {}), MismatchError);
}

TEST(FitActivations, SaysWhereTheDegreeIsTooSmall) {
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  FitOptions options;
  options.relative_error = 1e-6;
  FitReport report;
  fit_activations(graph, calibrate(graph, support::random_images({1, 8, 8}, 10, 3)), options, &report);
  EXPECT_FALSE(report.layers[0].reached);
  EXPECT_EQ(report.layers[0].degree, 15U);
  EXPECT_THAT(report.text(), HasSubstr("the degree is limited"));
  EXPECT_THAT(report.text(), HasSubstr("ReLU"));
  EXPECT_EQ(FitReport{}.text(), "");
}

TEST(FitActivations, CountsValuesOutOfRange) {
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  const auto ranges = calibrate(graph, support::random_images({1, 8, 8}, 50, 3));
  FitReport report;
  const nn::Graph fitted = fit_activations(graph, ranges, {}, &report);
  std::vector<float> bright = support::random_images({1, 8, 8}, 1, 9)[0];
  EXPECT_EQ(out_of_range(graph, ranges, bright), 0U);
  for (float& v : bright) v *= 10;
  const std::size_t outside = out_of_range(fitted, report, bright);
  EXPECT_GT(outside, 30U);
  EXPECT_EQ(out_of_range(graph, ranges, bright), outside);
}

TEST(FitActivations, RefusesImpossibleOptionsAndForeignRanges) {
  const nn::Graph graph = small_network({nn::Activation::Kind::relu});
  const auto ranges = calibrate(graph, support::random_images({1, 8, 8}, 3, 3));
  EXPECT_THROW(fit_activations(graph, std::vector(ranges.begin(), ranges.end() - 1), {}), MismatchError);
  EXPECT_THROW(fit_activations(graph, std::vector<NodeRange>(4), {}), MismatchError);
  for (const auto& spoil : std::vector<void (*)(FitOptions&)>{
           [](FitOptions& o) { o.max_degree = 1; }, [](FitOptions& o) { o.max_degree = 64; },
           [](FitOptions& o) { o.margin = 0.5; }, [](FitOptions& o) { o.tail = 0.5; },
           [](FitOptions& o) { o.relative_error = 0; }, [](FitOptions& o) { o.margin = std::nan(""); }}) {
    FitOptions options;
    spoil(options);
    EXPECT_THROW(fit_activations(graph, ranges, options), ParameterError);
  }
}

}  // namespace
}  // namespace obscura::compile
