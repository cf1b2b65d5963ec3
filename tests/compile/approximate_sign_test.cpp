#include "compile/approximate_sign.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::compile {
namespace {

TEST(CompositeSign, ReachesThirteenBitsWithThePapersDegrees) {
  const CompositeSign sign = composite_sign_for_relu({15, 15, 27});
  EXPECT_LE(composite_relu_error(sign), 0x1p-13);
  EXPECT_EQ(sign.threshold, 0x1p-9);
  EXPECT_EQ(sign.levels(), 4U + 4U + 5U);
  double most = 0;
  for (int i = 1; i <= 20000; ++i) {
    const double x = std::exp2(-9.0 * i / 20000);
    most = std::max(most, std::abs(sign(x) - 1));
    EXPECT_NEAR(sign(-x), -sign(x), 1e-12) << "odd";
  }
  EXPECT_LE(most, sign.error * (1 + 1e-6) + 1e-12);
}

TEST(CompositeSign, StagesStayInTheirInterval) {
  const CompositeSign sign = composite_sign({7, 7, 13}, 0.01);
  for (int i = -1000; i <= 1000; ++i) {
    double x = i / 1000.0;
    for (std::size_t s = 0; s + 1 < sign.stages.size(); ++s) {
      x = CompositeSign{{sign.stages[s]}, 0, 0}(x);
      EXPECT_LE(std::abs(x), 1 + 1e-9);
    }
  }
}

TEST(CompositeSign, OneCubicInClosedForm) {
  // Nearest odd cubic to 1 on [1/2, 1]: level at 1/2, an inner extremum, and 1.
  const CompositeSign sign = composite_sign({3}, 0.5);
  EXPECT_NEAR(std::abs(sign(0.5) - 1), sign.error, 1e-9);
  EXPECT_NEAR(std::abs(sign(1.0) - 1), sign.error, 1e-9);
  EXPECT_NEAR(sign(0.5), sign(1.0), 1e-9);
  EXPECT_EQ(sign.levels(), 2U);
}

TEST(CompositeSign, ReluIsWithinItsBound) {
  for (const auto& degrees : {std::vector<std::size_t>{7, 7}, {15, 15}, {15, 15, 27}}) {
    const CompositeSign sign = composite_sign_for_relu(degrees);
    const double bound = 12;
    const double error = composite_relu_error(sign) * (1 + 1e-3);
    for (int i = -4000; i <= 4000; ++i) {
      const double x = bound * i / 4000;
      EXPECT_NEAR(composite_relu(sign, bound, x), std::max(x, 0.0), bound * error);
    }
  }
}

TEST(CompositeSign, RefusesImpossibleOnes) {
  EXPECT_THROW(composite_sign({}, 0.1), ParameterError);
  EXPECT_THROW(composite_sign({6}, 0.1), ParameterError);
  EXPECT_THROW(composite_sign({7}, 0), ParameterError);
  EXPECT_THROW(composite_sign({7}, 1), ParameterError);
}

}  // namespace
}  // namespace obscura::compile
