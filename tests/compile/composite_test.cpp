#include "compile/composite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "base/error.h"
#include "compile/composite_minimax.h"
#include "nn/activation.h"

namespace obscura::compile {
namespace {

/// By the definition of T_n, not by a recurrence.
double value_of(const std::vector<double>& c, double x) {
  double sum = 0;
  for (std::size_t n = 0; n < c.size(); ++n) sum += c[n] * std::cos(static_cast<double>(n) * std::acos(x));
  return sum;
}

double sign_of(const CompositeSign& sign, double x) {
  for (const auto& polynomial : sign.polynomials) x = value_of(polynomial, std::clamp(x, -1.0, 1.0));
  return x;
}

/// The largest error of the ReLU on [from, to], on even places and on drawn ones.
double relu_error(const CompositeSign& sign, double from, double to, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(from, to);
  double most = 0;
  for (int i = 0; i <= 6000; ++i) {
    const double x = i <= 3000 ? from + (to - from) * i / 3000 : uniform(random);
    most = std::max(most, std::abs(x * (1 + sign_of(sign, x)) / 2 - std::max(x, 0.0)));
  }
  return most;
}

/// Levels of the composites in Lee, Lee, No (2021), table of the approximation of ReLU: {3, 7}, {7, 7}, {7, 15}, ...,
/// {15, 15, 27}, without the product.
TEST(Composite, TakesNoMoreLevelsThanWhatIsPublished) {
  const std::map<int, std::size_t> published{{6, 5}, {7, 6}, {8, 7}, {9, 8}, {10, 10}, {11, 11}, {12, 12}, {13, 13}};
  for (const auto& [bits, levels] : published) {
    const CompositeSign sign = composite_relu(bits);
    EXPECT_EQ(sign.levels(), levels + 1) << bits;
    EXPECT_LE(sign.relu_error, std::exp2(-bits)) << bits;
  }
  EXPECT_EQ(composite_relu(6).degrees(), (std::vector<std::size_t>{3, 7}));
  EXPECT_EQ(composite_relu(7).degrees(), (std::vector<std::size_t>{7, 7}));
  EXPECT_EQ(composite_relu(8).degrees(), (std::vector<std::size_t>{7, 15}));
}

TEST(Composite, TheErrorIsWhatWasAskedForEverywhere) {
  for (const double bits : {3.0, 4.5, 6.0, 8.0, 10.0, 13.0, 16.0}) {
    SCOPED_TRACE(bits);
    const CompositeSign sign = composite_relu(bits);
    const double wanted = std::exp2(-bits), edge = std::exp2(-bits);
    EXPECT_LE(relu_error(sign, -1, -edge, 1), wanted);
    EXPECT_LE(relu_error(sign, edge, 1, 2), wanted);
    EXPECT_LE(relu_error(sign, -edge, edge, 3), wanted);
    EXPECT_LE(relu_error(sign, -sign.low, sign.low, 4), wanted) << "where the sign is not right yet";
    for (int i = 0; i <= 2000; ++i) {
      const double x = sign.low + (1 - sign.low) * i / 2000;
      EXPECT_LE(std::abs(sign_of(sign, x) - 1), sign.sign_error * (1 + 1e-9));
      EXPECT_LE(std::abs(sign_of(sign, -x) + 1), sign.sign_error * (1 + 1e-9));
    }
  }
}

/// The published composite for 13 bits.
TEST(Composite, FifteenFifteenTwentySeven) {
  double best = 1;
  for (double low = -9.5; low < -8; low += 0.05) {
    best = std::min(best, composite_sign({15, 15, 27}, std::exp2(low)).relu_error);
  }
  EXPECT_LE(best, 0x1p-13);
  EXPECT_GT(best, 0x1p-14);
}

/// Odd minimax polynomials have (d + 1) / 2 + 1 extrema of one size and alternating sign: what Chebyshev's theorem
/// asks.
TEST(Composite, ErrorsAlternateAtEqualHeight) {
  for (const std::size_t degree : {3, 7, 15, 27, 31}) {
    for (const double low : {0.5, 0.1, 0.01, 0.001}) {
      SCOPED_TRACE(::testing::Message() << degree << " from " << low);
      const OddFit fit = fit_odd_one(degree, low);
      std::size_t extrema = 0;
      double run = 0;
      const int places = 200000;
      for (int i = 0; i <= places; ++i) {
        const double t = -std::cos(3.14159265358979323846 * i / places);
        const double error = 1 - value_of(fit.coefficients, (1 + low) / 2 + (1 - low) / 2 * t);
        if (i == places || error * run < 0) {
          ++extrema;
          EXPECT_NEAR(std::abs(run), fit.error, 1e-5 * fit.error + 1e-12);
          run = 0;
        }
        if (std::abs(error) > std::abs(run)) run = error;
      }
      if (fit.error > 1e-11) {
        EXPECT_EQ(extrema, (degree + 1) / 2 + 1);
      }
    }
  }
}

TEST(Composite, NothingOnTheWayLeavesTheInterval) {
  for (const double bits : {6.0, 9.0, 13.0, 16.0}) {
    const CompositeSign sign = composite_relu(bits);
    for (int i = -4000; i <= 4000; ++i) {
      double x = i / 4000.0;
      for (std::size_t p = 0; p < sign.polynomials.size(); ++p) {
        EXPECT_EQ(sign.polynomials[p][0], 0);
        x = value_of(sign.polynomials[p], std::clamp(x, -1.0, 1.0));
        if (p + 1 < sign.polynomials.size()) {
          ASSERT_LE(std::abs(x), 1 - 0x1p-12) << "room for the noise, at " << i;
        }
      }
    }
  }
}

TEST(Composite, LeakyReluKeepsItsSlope) {
  const nn::Activation leaky{nn::Activation::Kind::leaky_relu, 0.1F};
  const CompositeSign sign = composite_relu(9);
  const auto gate = gate_of(sign, leaky);
  for (int i = -500; i <= 500; ++i) {
    const double x = i / 500.0;
    double g = x;
    for (const auto& polynomial : gate) g = value_of(polynomial, std::clamp(g, -1.0, 1.0));
    EXPECT_NEAR(x * g, nn::activate(leaky, x), 0x1p-9);
  }
  EXPECT_TRUE(has_composite(leaky));
  EXPECT_TRUE(has_composite({nn::Activation::Kind::relu}));
  for (const auto kind : {nn::Activation::Kind::clip, nn::Activation::Kind::silu, nn::Activation::Kind::tanh}) {
    EXPECT_FALSE(has_composite({kind}));
  }
}

TEST(Composite, RefusesWhatThereIsNot) {
  for (const double bits : {2.9, 16.1, -1.0, std::nan(""), static_cast<double>(INFINITY)}) {
    EXPECT_THROW(composite_relu(bits), ParameterError) << bits;
  }
  EXPECT_THROW(composite_sign({}, 0.1), ParameterError);
  for (const std::size_t degree : {0, 1, 2, 4, 33, 63}) {
    EXPECT_THROW(composite_sign({degree}, 0.1), ParameterError) << degree;
  }
  for (const double low : {0.0, 1.0, -0.5, std::nan("")}) EXPECT_THROW(composite_sign({3}, low), ParameterError) << low;
}

}  // namespace
}  // namespace obscura::compile
