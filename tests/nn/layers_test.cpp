#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "support/random_graph.h"

/// Concat, Pad, Activation and polynomials of either basis.
namespace obscura::nn {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;
using Kind = Activation::Kind;

template <typename L>
void expect_refused(L layer, const char* message, std::vector<std::size_t> inputs) {
  Graph graph = make_graph("g", {2, 4, 3});
  add_node(graph, "flat", Flatten{}, {0});
  EXPECT_THAT([&] { add_node(graph, "bad", layer, inputs); }, ThrowsMessage<FormatError>(HasSubstr(message)));
}

TEST(Concat, JoinsChannels) {
  Graph graph = make_graph("g", {1, 1, 2});
  add_node(graph, "square", Square{}, {0});
  add_node(graph, "concat", Concat{}, {1, 0, 1});
  EXPECT_EQ(graph.output_shape(), (Shape{3, 1, 2}));
  EXPECT_THAT(run_reference(graph, std::vector<float>{2, 3}), ElementsAre(4, 9, 2, 3, 4, 9));
  expect_refused(Concat{}, "fewer than two", {0});
  expect_refused(Concat{}, "different heights", {0, 1});
}

TEST(Concat, TooManyChannelsAreRefused) {
  Graph graph = make_graph("g", {1, 2048, 2048});
  EXPECT_THAT([&] { add_node(graph, "c", Concat{}, std::vector<std::size_t>(1000, 0)); },
              ThrowsMessage<FormatError>(HasSubstr("more than")));
}

TEST(Pad, RepeatsMirrorsAndFills) {
  const std::vector<float> row{1, 2, 3};
  const auto padded = [&](Pad::Mode mode, float value) {
    Graph graph = make_graph("g", {1, 1, 3});
    add_node(graph, "pad", Pad{{0, 2, 0, 1}, mode, value}, {0});
    EXPECT_EQ(graph.output_shape(), (Shape{1, 1, 6}));
    return run_reference(graph, row);
  };
  EXPECT_THAT(padded(Pad::Mode::constant, 9), ElementsAre(9, 9, 1, 2, 3, 9));
  EXPECT_THAT(padded(Pad::Mode::edge, 0), ElementsAre(1, 1, 1, 2, 3, 3));
  EXPECT_THAT(padded(Pad::Mode::reflect, 0), ElementsAre(3, 2, 1, 2, 3, 2));
  expect_refused(Pad{{4, 0, 0, 0}, Pad::Mode::reflect, 0}, "mirrors more", {0});
  expect_refused(Pad{{0, 0, 0, 3}, Pad::Mode::reflect, 0}, "mirrors more", {0});
  expect_refused(Pad{{std::size_t{1} << 62, 0, 0, 0}}, "too much padding", {0});
  expect_refused(Pad{{0, 0, 0, 0}, Pad::Mode::constant, std::nanf("")}, "not a finite number", {0});
}

TEST(Activation, KnownValues) {
  struct Case {
    Activation activation;
    double x, y;
  };
  const Case cases[] = {
      {{Kind::relu}, -2, 0},
      {{Kind::relu}, 2, 2},
      {{Kind::leaky_relu, 0.25F}, -2, -0.5},
      {{Kind::leaky_relu, 0.25F}, 2, 2},
      {{Kind::clip, -1.0F, 6.0F}, -3, -1},
      {{Kind::clip, -1.0F, 6.0F}, 7, 6},
      {{Kind::sigmoid}, 0, 0.5},
      {{Kind::sigmoid}, 2, 0.8807970779778823},
      {{Kind::silu}, 2, 1.7615941559557649},
      {{Kind::silu}, -800, 0},
      {{Kind::tanh}, 0.5, 0.46211715726000973},
      {{Kind::erf}, 0.5, 0.5204998778130465},
      {{Kind::gelu}, 1, 0.8413447460685429},
      {{Kind::gelu_tanh}, 1, 0.8411919906082768},
      {{Kind::hard_sigmoid, 0.2F, 0.5F}, 1, 0.7},
      {{Kind::hard_swish}, 1, 2.0 / 3},
      {{Kind::hard_swish}, -4, 0},
      {{Kind::elu, 2.0F}, -1, 2 * (1 / std::numbers::e - 1)},
      {{Kind::softplus}, 0, std::log(2.0)},
      {{Kind::softplus}, 900, 900},
      {{Kind::mish}, 1, 0.8650983882673103},
      {{Kind::mish}, -900, 0},
  };
  for (const Case& c : cases) {
    EXPECT_NEAR(activate(c.activation, c.x), c.y, 1e-7) << activation_name(c.activation) << " of " << c.x;
  }
  expect_refused(Activation{Kind::clip, 1, 0}, "before its beginning", {0});
  expect_refused(Activation{Kind::elu, std::nanf("")}, "not a finite number", {0});
}

TEST(Activation, NamesOfLayers) {
  EXPECT_EQ(layer_name(Activation{Kind::relu}), "ReLU");
  EXPECT_EQ(layer_name(Activation{Kind::clip, 0, 6}), "ReLU6");
  EXPECT_EQ(layer_name(Activation{Kind::clip, 0, 1}), "Clip");
  EXPECT_EQ(layer_name(Activation{Kind::gelu}), "GELU");
  EXPECT_EQ(layer_name(Concat{}), "Concat");
  EXPECT_EQ(layer_name(Pad{}), "Pad");
}

TEST(Polynomial, ChebyshevAndPowersAreOneFunction) {
  const Polynomial chebyshev{{{0.5F, -1, 0.25F, 2, 0.125F, -0.75F}, {1, 0, 0, 0, 0, 1}}, Polynomial::Basis::chebyshev};
  const auto powers = monomial_coefficients(chebyshev);
  EXPECT_THAT(powers[1], Pointwise(DoubleNear(1e-12), {1.0, 5.0, 0.0, -20.0, 0.0, 16.0})) << "1 + T_5";
  for (std::size_t row = 0; row < 2; ++row) {
    for (double x = -1; x <= 1; x += 0.125) {
      double y = 0;
      for (std::size_t i = powers[row].size(); i-- > 0;) y = y * x + powers[row][i];
      EXPECT_NEAR(evaluate_row(chebyshev, row, x), y, 1e-12);
    }
  }
  EXPECT_EQ(monomial_coefficients({{{1, 2, 3}}}), (std::vector<std::vector<double>>{{1, 2, 3}}));
}

TEST(Polynomial, ChebyshevIsWrittenInPowersAndRunByOpenCv) {
  for (const std::size_t rows : {1, 2}) {
    for (const std::size_t degree : {3, 15}) {
      Graph graph = make_graph("g", {2, 3, 3});
      Polynomial polynomial{{}, Polynomial::Basis::chebyshev};
      for (std::size_t r = 0; r < rows; ++r) {
        auto& row = polynomial.coefficients.emplace_back();
        for (std::size_t i = 0; i <= degree; ++i) row.push_back(std::sin(static_cast<float>(7 * i + r)));
      }
      add_node(graph, "poly", polynomial, {0});
      const auto image = support::random_images(graph.input_shape(), 2, 5);
      std::vector<float> batch = image[0];
      batch.insert(batch.end(), image[1].begin(), image[1].end());
      const auto opencv = Reference(graph).run(batch);
      const Graph back = read_onnx(to_onnx(graph), "memory");
      for (std::size_t n = 0; n < 2; ++n) {
        const auto exact = run_reference(graph, image[n]);
        const auto again = run_reference(back, image[n]);
        for (std::size_t i = 0; i < exact.size(); ++i) {
          EXPECT_NEAR(exact[i], static_cast<double>(opencv[n * exact.size() + i]), 1e-4);
          EXPECT_NEAR(exact[i], again[i], degree == 3 ? 1e-5 : 0.1) << "floats lose digits to cancellation";
        }
      }
    }
  }
}

support::RandomGraphOptions everything() {
  support::RandomGraphOptions options;
  options.pads = true;
  options.activations = true;
  options.products = options.max_pools = true;
  options.max_degree = 7;
  return options;
}

TEST(Layers, RandomNetworksSurviveTheirFile) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = support::random_graph(seed, everything());
    const Graph back = read_onnx(to_onnx(graph), "memory");
    const auto image = support::random_images(graph.input_shape(), 1, seed)[0];
    const auto a = run_reference(graph, image), b = run_reference(back, image);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
    EXPECT_LE(back.nodes.size(), graph.nodes.size() + 4) << "no layer falls into parts";
  }
}

TEST(Layers, OpenCvAgreesOnRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = support::random_graph(seed, everything());
    const auto images = support::random_images(graph.input_shape(), 2, seed);
    std::vector<float> batch = images[0];
    batch.insert(batch.end(), images[1].begin(), images[1].end());
    const auto logits = Reference(graph).run(batch);
    for (std::size_t n = 0; n < 2; ++n) {
      const auto exact = run_reference(graph, images[n]);
      for (std::size_t i = 0; i < exact.size(); ++i) {
        EXPECT_NEAR(exact[i], static_cast<double>(logits[n * exact.size() + i]), 1e-3);
      }
    }
  }
}

TEST(Layers, FoldingBatchNormsKeepsTheFunction) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = support::random_graph(seed, everything());
    const auto image = support::random_images(graph.input_shape(), 1, seed)[0];
    const auto a = run_reference(graph, image), b = run_reference(fold_batch_norms(graph), image);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4);
  }
}

}  // namespace
}  // namespace obscura::nn
