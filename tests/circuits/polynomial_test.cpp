#include "circuits/polynomial.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "ckks/evaluation.h"

namespace obscura::circuits {
namespace {

using ckks::Ciphertext;
using ckks::testing::bound;
using ckks::testing::fresh_variance;
using ckks::testing::key_switch_variance;
using ckks::testing::Party;
using ckks::testing::random_reals;
using ckks::testing::rounding_variance;

constexpr double kScale = 0x1p40;

/// Seven limbs: enough for degree 63.
ckks::ContextPtr seven_limbs() {
  return ckks::testing::ParameterSet{"", 11, {50, 40, 40, 40, 40, 40, 40}, {50}, 1, kScale}.context();
}

/// Coefficient k in slot i.
double value_at(const Coefficient& c, std::size_t i) {
  const double* value = std::get_if<double>(&c);
  return value != nullptr ? *value : std::get<std::vector<double>>(c)[i];
}

/// Horner's scheme; Clenshaw's for Chebyshev polynomials.
double plain(const std::vector<Coefficient>& coefficients, std::size_t slot, double x, Basis basis) {
  double b1 = 0, b2 = 0;
  for (std::size_t k = coefficients.size(); k-- > 0;) {
    const double c = value_at(coefficients[k], slot);
    if (basis == Basis::monomial) {
      b1 = b1 * x + c;
    } else {
      const double next = c + (k == 0 ? 1 : 2) * x * b1 - b2;
      b2 = b1, b1 = next;
    }
  }
  return b1;
}

class Polynomial : public ::testing::Test {
 protected:
  Polynomial() {
    ckks::KeyRequest request;
    request_keys(63, context.max_limbs(), request);
    server = party.server(request);
  }

  /// A value is wrong by the error of x times the slope, and by that of a rescaled product at every node.
  double most(const std::vector<Coefficient>& coefficients, double scale, Basis basis) const {
    double slope = 1;
    for (std::size_t k = 0; k < coefficients.size(); ++k) {
      double largest = 0;
      for (std::size_t i = 0; i < context.slots(); ++i)
        largest = std::max(largest, std::abs(value_at(coefficients[k], i)));
      const auto degree = static_cast<double>(k);
      slope += largest * (basis == Basis::monomial ? degree : degree * degree);
    }
    const double each = fresh_variance() + 2 * rounding_variance(context) + key_switch_variance(context, 2) * 0x1p-60;
    return bound(context, each, std::min(scale, kScale)) * slope;
  }

  Ciphertext expect(const std::vector<Coefficient>& coefficients, double scale, Basis basis = Basis::monomial) const {
    const auto values = random_reals(context.slots(), coefficients.size());
    const Ciphertext x = party.encrypt(values, kScale, context.max_limbs());
    const Ciphertext y = evaluate_polynomial(server, party.encoder, x, coefficients, scale, basis);
    EXPECT_EQ(y.scale, scale);
    EXPECT_EQ(y.parts.size(), 2u);
    EXPECT_EQ(y.limbs(), x.limbs() - polynomial_depth(coefficients.size() - 1));
    const auto got = party.decrypt(y);
    double error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      error = std::max(error, std::abs(got[i] - plain(coefficients, i, values[i], basis)));
    }
    EXPECT_LT(error, most(coefficients, scale, basis));
    return y;
  }

  static std::vector<Coefficient> random_coefficients(std::size_t degree, std::uint64_t seed) {
    const auto values = random_reals(degree + 1, seed);
    return {values.begin(), values.end()};
  }

  const Party party{seven_limbs()};
  const ckks::Context& context = *party.context;
  ckks::Evaluator server{party.context};
};

TEST_F(Polynomial, DepthIsTheLogarithm) {
  const std::size_t depths[] = {0, 1, 2, 2, 3, 3, 3, 3, 4};
  for (std::size_t d = 0; d < std::size(depths); ++d) EXPECT_EQ(polynomial_depth(d), depths[d]);
  EXPECT_EQ(polynomial_depth(15), 4u);
  EXPECT_EQ(polynomial_depth(16), 5u);
  EXPECT_EQ(polynomial_depth(63), 6u);
}

TEST_F(Polynomial, EveryDegree) {
  for (const std::size_t degree : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 23, 31, 47, 63}) {
    SCOPED_TRACE(degree);
    expect(random_coefficients(degree, 100 + degree), kScale);
  }
}

TEST_F(Polynomial, EveryDegreeOfChebyshev) {
  for (const std::size_t degree : {1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 27, 31, 63}) {
    SCOPED_TRACE(degree);
    expect(random_coefficients(degree, 200 + degree), kScale, Basis::chebyshev);
  }
}

TEST_F(Polynomial, TheScaleIsWhatWasAskedFor) {
  for (const double scale : {0x1p35, 0x1p41 / 3, 1234567890123.0, static_cast<double>(context.q(3).value())}) {
    SCOPED_TRACE(scale);
    expect(random_coefficients(7, 5), scale);
    expect(random_coefficients(2, 6), scale);
  }
}

TEST_F(Polynomial, ZeroCoefficients) {
  expect({0.0, 0.0, 1.0}, kScale);
  expect({0.5, 0.0, 0.0, 0.0, 0.0, 0.0, -0.25}, kScale);
  expect({0.0, 1.0, 0.0, -0.5, 0.0, 0.125, 0.0, 0.5}, kScale);       // odd
  expect({1.0, 0.0, 0.5, 0.0, 0.25, 0.0, 0.5, 0.0, 0.125}, kScale);  // even
  expect({0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0}, kScale);
  expect({1.0, 0.0, 0.0, 0.0}, kScale);  // the leading ones
  expect({0.0, 0.0, 0.0}, kScale);
  expect({0.0}, kScale);
  expect({0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0}, kScale, Basis::chebyshev);
  expect({0.0, 0.5, 0.0, -1.0, 0.0, 0.5}, kScale, Basis::chebyshev);
}

TEST_F(Polynomial, CoefficientsByTheSlot) {
  for (const std::size_t degree : {1, 2, 3, 7, 12}) {
    SCOPED_TRACE(degree);
    std::vector<Coefficient> coefficients;
    for (std::size_t k = 0; k <= degree; ++k) coefficients.emplace_back(random_reals(context.slots(), 300 + k));
    expect(coefficients, kScale);
    expect(coefficients, kScale, Basis::chebyshev);
    coefficients[1] = 0.5;  // mixed
    expect(coefficients, kScale);
  }
}

TEST_F(Polynomial, ResultsWorkOn) {
  // Two polynomials of one degree meet at equal level and scale, and the sum of both is the sum.
  const auto values = random_reals(context.slots(), 9);
  const Ciphertext x = party.encrypt(values, kScale, context.max_limbs());
  const auto a = random_coefficients(5, 10), b = random_coefficients(7, 11);
  const Ciphertext sum = server.add(evaluate_polynomial(server, party.encoder, x, a, kScale),
                                    evaluate_polynomial(server, party.encoder, x, b, kScale));
  const auto got = party.decrypt(sum);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(got[i].real(), plain(a, i, values[i], Basis::monomial) + plain(b, i, values[i], Basis::monomial),
                most(a, kScale, Basis::monomial) + most(b, kScale, Basis::monomial));
  }
}

TEST_F(Polynomial, WrongUse) {
  const auto values = random_reals(context.slots(), 12);
  const Ciphertext x = party.encrypt(values, kScale, 3);
  const auto run = [&](const Ciphertext& in, const std::vector<Coefficient>& c, double scale = kScale) {
    return evaluate_polynomial(server, party.encoder, in, c, scale);
  };
  EXPECT_NO_THROW(run(x, random_coefficients(3, 1)));
  EXPECT_THROW(run(x, random_coefficients(4, 1)), MismatchError);
  EXPECT_THROW(run(server.drop_to(x, 1), random_coefficients(1, 1)), MismatchError);
  EXPECT_THROW(run(server.square(x), random_coefficients(1, 1)), MismatchError);
  EXPECT_THROW(run(x, {}), ParameterError);
  EXPECT_THROW(run(party.encrypt(values, kScale, 7), random_coefficients(64, 1)), ParameterError);
  EXPECT_THROW(run(x, {1.0, std::vector<double>(3, 1.0)}), ParameterError);
  EXPECT_THROW(run(x, {1.0, std::nan("")}), ParameterError);
  EXPECT_THROW(run(x, {1.0, 1.0}, -1), ParameterError);
  EXPECT_THROW(run(x, {1.0, 1.0}, 0.25), ParameterError);
  const ckks::Evaluator keyless(party.context);
  EXPECT_NO_THROW(evaluate_polynomial(keyless, party.encoder, x, {1.0, 2.0}, kScale));
  EXPECT_THROW(evaluate_polynomial(keyless, party.encoder, x, {1.0, 2.0, 1.0}, kScale), MismatchError);
}

TEST_F(Polynomial, KeysAreAskedForOnlyWhereNeeded) {
  ckks::KeyRequest request;
  request_keys(1, 5, request);
  EXPECT_EQ(request.relin_limbs, 0u);
  request_keys(2, 4, request);
  request_keys(3, 3, request);
  EXPECT_EQ(request.relin_limbs, 4u);
}

}  // namespace
}  // namespace obscura::circuits
