#include "circuits/gated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/evaluation.h"

namespace obscura::circuits {
namespace {

using CoefficientRows = std::vector<std::vector<double>>;

constexpr double kGatedScale = 0x1p40;

double plain(const CoefficientRows& polynomials, Basis basis, double x) {
  double gate = x;
  for (const auto& row : polynomials) {
    double sum = 0;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const auto n = static_cast<double>(k);
      sum += row[k] * (basis == Basis::monomial ? std::pow(gate, n) : std::cos(n * std::acos(gate)));
    }
    gate = std::clamp(sum, -1.0, 1.0);
  }
  return x * gate;
}

class Gated : public ::testing::Test {
 protected:
  Gated() {
    ckks::KeyRequest request;
    request.relinearisation(context.max_limbs());
    server = party.server(request);
  }

  void expect(const CoefficientRows& polynomials, Basis basis, double scale, std::size_t limbs) const {
    const auto values = ckks::testing::random_reals(context.slots(), polynomials.size() + limbs);
    const ckks::Ciphertext x = party.encrypt(values, kGatedScale, limbs);
    const ckks::Ciphertext y = evaluate_gated(server, party.encoder, x, polynomials, scale, basis);
    EXPECT_EQ(y.scale, scale);
    EXPECT_EQ(y.parts.size(), 2U);
    EXPECT_EQ(y.limbs(), limbs - gated_depth(polynomials));
    const auto got = party.decrypt(y);
    double error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      error = std::max(error, std::abs(got[i] - plain(polynomials, basis, values[i])));
    }
    // Steps of 2^-28 or so each, some of them a few times over.
    EXPECT_LT(error, 0x1p-20);
  }

  const ckks::testing::Party party{
      ckks::testing::ParameterSet{"", 11, {50, 40, 40, 40, 40, 40, 40, 40, 40}, {50}, 1, kGatedScale}.context()};
  const ckks::Context& context = *party.context;
  ckks::Evaluator server{party.context};
};

TEST_F(Gated, DepthIsThatOfThePolynomialsAndOne) {
  EXPECT_EQ(gated_depth({{0, 1}}), 2U);
  EXPECT_EQ(gated_depth({{0, 1, 0, 1}, std::vector<double>(16, 1)}), 2U + 4U + 1U);
}

TEST_F(Gated, OnePolynomial) {
  expect({{0.25, 0.5}}, Basis::monomial, kGatedScale, 3);
  expect({{0.25, 0.5, 0.1, -0.1}}, Basis::monomial, kGatedScale, 9);
  expect({{0, 0.75, 0, 0.25}}, Basis::chebyshev, kGatedScale, 5);
}

TEST_F(Gated, OneBehindTheOther) {
  // Signs of degree 3 with values within [-1, 1].
  const std::vector<double> cubic{0, 1.125, 0, -0.125}, last{0.5, 0.5625, 0, -0.0625};
  expect({cubic, cubic, last}, Basis::chebyshev, kGatedScale, 9);
  expect({cubic, last}, Basis::chebyshev, kGatedScale, 6);
}

TEST_F(Gated, TheScaleIsWhatWasAskedFor) {
  for (const double scale : {0x1p39, 0x1p41 / 3, 1099511627776.5}) expect({{0.5, 0.5}}, Basis::monomial, scale, 5);
}

TEST_F(Gated, RefusesWhatDoesNotFit) {
  const auto values = ckks::testing::random_reals(context.slots(), 1);
  const auto at = [&](std::size_t limbs, const CoefficientRows& rows) {
    return evaluate_gated(server, party.encoder, party.encrypt(values, kGatedScale, limbs), rows, kGatedScale);
  };
  EXPECT_THROW(at(2, {{0, 1}}), MismatchError);
  EXPECT_THROW(at(5, {}), ParameterError);
  EXPECT_THROW(at(5, {{}}), ParameterError);
  EXPECT_THROW(at(5, CoefficientRows(kMaxGatePolynomials + 1, {0, 1})), ParameterError);
  EXPECT_THROW(at(5, {{0, std::nan("")}}), ParameterError);
}

}  // namespace
}  // namespace obscura::circuits
