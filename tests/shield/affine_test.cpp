#include "shield/affine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "shield/random.h"

namespace obscura::shield {
namespace {

using ring::Isa;

std::vector<float> drawn(Draws& draws, std::size_t count) {
  std::vector<float> out(count);
  for (float& v : out) v = static_cast<float>(draws.signed_unit());
  return out;
}

struct Case {
  std::size_t rows, inputs, outputs;
};

/// Around the sizes that kernels take at once: 4 or 8 rows, 16 to 48 outputs.
const std::vector<Case> kCases = {{1, 1, 1},   {3, 7, 16},   {8, 12, 17},  {9, 48, 48},
                                  {16, 5, 31}, {17, 33, 80}, {40, 27, 96}, {64, 100, 65}};

TEST(Affine, EveryKernelGivesTheSameBits) {
  for (const Case& c : kCases) {
    Draws draws(Seed{static_cast<std::uint8_t>(c.rows + c.outputs)});
    const Affine map(c.inputs, c.outputs, drawn(draws, c.inputs * c.outputs), drawn(draws, c.outputs));
    Rows x(c.rows, c.inputs);
    for (std::size_t i = 0; i < c.rows; ++i) {
      const auto row = drawn(draws, c.inputs);
      std::copy(row.begin(), row.end(), x.row(i));
    }
    const auto scale = drawn(draws, c.outputs), shift = drawn(draws, c.outputs);
    for (const After& after : {After{}, After{{}, {}, true}, After{scale, shift, true}, After{scale, shift, false}}) {
      const Rows wanted = map.run(x, after, Isa::scalar);
      for (const Isa isa : {Isa::avx2, Isa::ifma}) {
        if (isa > ring::best_isa()) continue;
        EXPECT_EQ(map.run(x, after, isa).values, wanted.values)
            << ring::isa_name(isa) << " " << c.rows << " " << c.inputs << " " << c.outputs;
      }
    }
  }
}

TEST(Affine, IsAChainOfFusedOperations) {
  Draws draws(Seed{9});
  const auto weights = drawn(draws, 30 * 20), bias = drawn(draws, 20), scale = drawn(draws, 20),
             shift = drawn(draws, 20);
  const Affine map(30, 20, weights, bias);
  Rows x(5, 30);
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t k = 0; k < 30; ++k) x.row(i)[k] = static_cast<float>(draws.signed_unit());
  }
  const Rows plain = map.run(x, {}), after = map.run(x, {scale, shift, true});
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 20; ++j) {
      float v = bias[j];
      for (std::size_t k = 0; k < 30; ++k) v = std::fma(x.row(i)[k], weights[j * 30 + k], v);
      EXPECT_EQ(plain.row(i)[j], v);
      EXPECT_FLOAT_EQ(after.row(i)[j], std::max(v * scale[j] + shift[j], 0.0F));
    }
  }
}

TEST(Affine, OtherSizesAreRefused) {
  const std::vector<float> six(6), two(2);
  EXPECT_THROW(Affine(3, 2, two, two), ParameterError);
  EXPECT_THROW(Affine(0, 2, {}, two), ParameterError);
  EXPECT_THROW(Affine(3, 2, six, six), ParameterError);
  EXPECT_THROW(Affine(3, 2, six, two).run(Rows(1, 4), {}), ParameterError);
}

}  // namespace
}  // namespace obscura::shield
