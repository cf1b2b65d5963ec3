#include <gtest/gtest.h>

#include "runtime/session.h"

namespace obscura::runtime {
namespace {

using message::Mode;
using networks::chain;
using networks::Random;
using testing::expect_equals_plain_run;

nn::Polynomial cubic(std::size_t rows) {
  nn::Polynomial p;
  for (std::size_t c = 0; c < rows; ++c) {
    const auto x = static_cast<float>(c);
    p.coefficients.push_back({0.1F + 0.05F * x, 0.6F - 0.1F * x, 0.2F, 0.05F + 0.01F * x});
  }
  return p;
}

nn::Graph convolution_with(const nn::Polynomial& activation) {
  Random random(21);
  const nn::Conv2d conv = networks::conv(random, 1, 3, 3, 2, 1);
  return chain(
      {1, 8, 8},
      {{"conv", conv}, {"act", activation}, {"flatten", nn::Flatten{}}, {"fc", networks::linear(random, 48, 6)}});
}

TEST(PolynomialActivation, OneRowForAllChannels) {
  expect_equals_plain_run(convolution_with(cubic(1)));
}

TEST(PolynomialActivation, ARowAChannel) {
  expect_equals_plain_run(convolution_with(cubic(3)));
}

TEST(PolynomialActivation, BehindADenseLayer) {
  Random random(22);
  const nn::Linear first = networks::linear(random, 36, 10), second = networks::linear(random, 10, 4);
  expect_equals_plain_run(
      chain({1, 6, 6}, {{"flatten", nn::Flatten{}}, {"fc1", first}, {"act", cubic(10)}, {"fc2", second}}));
}

/// Channels in ciphertexts of their own, of one image and of images side by side.
TEST(PolynomialActivation, ARowAChannelInSeveralCiphertexts) {
  Random random(25);
  const nn::Conv2d conv = networks::conv(random, 1, 3, 3, 2, 1);
  const auto network = [&](std::size_t side) {
    return chain({1, side, side}, {{"conv", conv},
                                   {"act", cubic(3)},
                                   {"pool", nn::AvgPool{{side / 4, side / 4}, {side / 4, side / 4}, {}, false}},
                                   {"flatten", nn::Flatten{}},
                                   {"fc", networks::linear(random, 12, 4)}});
  };
  expect_equals_plain_run(network(200), Mode::packed, 1);
  compile::CompileOptions options;
  options.images_per_ciphertext = 16;
  const testing::Session session(network(64), options);
  EXPECT_GT(session.program.packed.front().output->ciphertexts(session.program.client.slots() / 16), 1U);
  const auto inputs = networks::images(16, 64 * 64, 5);
  const auto logits = session.classify(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) testing::expect_plain(session, inputs[i], logits[i]);
}

TEST(PolynomialActivation, ZerosBehindTheLeadingCoefficient) {
  nn::Polynomial p = cubic(3);
  for (auto& row : p.coefficients) row.resize(6, 0.0F);
  p.coefficients[1][3] = 0;
  expect_equals_plain_run(convolution_with(p));
}

TEST(PolynomialActivation, AtTheEnd) {
  Random random(23);
  const nn::Linear first = networks::linear(random, 36, 5);
  expect_equals_plain_run(chain({1, 6, 6}, {{"flatten", nn::Flatten{}}, {"fc", first}, {"act", cubic(1)}}));
}

TEST(PolynomialActivation, TwiceOnARow) {
  Random random(24);
  const nn::Linear first = networks::linear(random, 36, 8), second = networks::linear(random, 8, 8);
  expect_equals_plain_run(chain({1, 6, 6}, {{"flatten", nn::Flatten{}},
                                            {"fc1", first},
                                            {"act1", cubic(1)},
                                            {"fc2", second},
                                            {"act2", cubic(8)},
                                            {"fc3", networks::linear(random, 8, 3)}}));
}

}  // namespace
}  // namespace obscura::runtime
