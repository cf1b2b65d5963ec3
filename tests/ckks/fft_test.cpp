#include "ckks/fft.h"

#include <gtest/gtest.h>

#include <numbers>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/memory.h"
#include "ckks/fft_kernels.h"
#include "ckks/support.h"

namespace obscura::ckks {
namespace {

using testing::largest_error;
using testing::random_complex;
using testing::random_reals;
using Complex = std::complex<double>;

std::vector<ring::Isa> usable_sets() {
  std::vector<ring::Isa> sets{ring::Isa::scalar};
  if (ring::best_isa() >= ring::Isa::avx2) sets.push_back(ring::Isa::avx2);
  if (ring::best_isa() >= ring::Isa::ifma) sets.push_back(ring::Isa::ifma);
  return sets;
}

double* doubles(AlignedWords& words) {
  return reinterpret_cast<double*>(words.data());
}

/// m(zeta^(3^i)) by the sum, `count` slots of it.
std::vector<Complex> evaluate(const std::vector<double>& coefficients, std::size_t count) {
  const std::size_t degree = coefficients.size();
  std::vector<Complex> slots;
  std::size_t power = 1;
  for (std::size_t i = 0; i < count; ++i, power = power * 3 % (2 * degree)) {
    Complex sum = 0;
    for (std::size_t k = 0; k < degree; ++k) {
      const double angle =
          std::numbers::pi * static_cast<double>(power * k % (2 * degree)) / static_cast<double>(degree);
      sum += coefficients[k] * std::polar(1.0, angle);
    }
    slots.push_back(sum);
  }
  return slots;
}

class SlotFftTest : public ::testing::TestWithParam<std::tuple<int, ring::Isa>> {
 protected:
  std::size_t degree() const { return std::size_t{1} << std::get<0>(GetParam()); }
  SlotFft fft() const { return SlotFft(degree(), std::get<1>(GetParam())); }
};

TEST_P(SlotFftTest, IsTheSumOverTheRoots) {
  const std::size_t n = degree() / 2;
  const auto coefficients = random_reals(degree(), 7);
  std::vector<Complex> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = {coefficients[i], coefficients[i + n]};
  fft().to_slots(values.data());
  const auto expected = evaluate(coefficients, std::min<std::size_t>(n, 64));
  EXPECT_LT(largest_error(expected, values), 1e-13 * static_cast<double>(degree()));
}

TEST_P(SlotFftTest, GoesThereAndBack) {
  const auto slots = random_complex(degree() / 2, 11);
  auto values = slots;
  fft().to_coefficients(values.data());
  fft().to_slots(values.data());
  EXPECT_LT(largest_error(slots, values), 1e-14 * std::get<0>(GetParam()));
}

TEST_P(SlotFftTest, RealSlotsNeedNoImaginaryPart) {
  const std::size_t n = degree() / 2;
  const auto reals = random_reals(n, 13);
  std::vector<Complex> values(reals.begin(), reals.end());
  fft().to_coefficients(values.data());
  AlignedWords out(degree()), scratch(degree());
  fft().to_coefficients(reals.data(), nullptr, doubles(out), doubles(scratch));
  for (std::size_t i = 0; i < n; ++i) {
    ASSERT_NEAR(doubles(out)[i] / static_cast<double>(n), values[i].real(), 1e-15 * 20);
    ASSERT_NEAR(doubles(out)[i + n] / static_cast<double>(n), values[i].imag(), 1e-15 * 20);
  }
}

TEST_P(SlotFftTest, IsLinear) {
  const auto a = random_complex(degree() / 2, 1), b = random_complex(degree() / 2, 2);
  auto sum = a, left = a, right = b;
  for (std::size_t i = 0; i < a.size(); ++i) sum[i] = 3.0 * a[i] - 2.0 * b[i];
  const SlotFft transform = fft();
  for (auto* v : {&sum, &left, &right}) transform.to_coefficients(v->data());
  for (std::size_t i = 0; i < a.size(); ++i) left[i] = 3.0 * left[i] - 2.0 * right[i];
  EXPECT_LT(largest_error(sum, left), 1e-13);
}

std::string case_name(const ::testing::TestParamInfo<std::tuple<int, ring::Isa>>& info) {
  return "N" + std::to_string(1 << std::get<0>(info.param)) + "_" + std::string(isa_name(std::get<1>(info.param)));
}

INSTANTIATE_TEST_SUITE_P(Degrees, SlotFftTest,
                         ::testing::Combine(::testing::Range(1, 18), ::testing::ValuesIn(usable_sets())), case_name);

TEST(SlotFft, RefusesOtherDegrees) {
  EXPECT_THROW(SlotFft(1), ParameterError);
  EXPECT_THROW(SlotFft(24), ParameterError);
  EXPECT_THROW(SlotFft(std::size_t{1} << 18), ParameterError);
}

class FftKernelTest : public ::testing::TestWithParam<ring::Isa> {
 protected:
  const FftKernels& kernels() const { return fft_kernels(GetParam()); }
};

TEST_P(FftKernelTest, RoundsToNearestAndFindsTheLargest) {
  constexpr std::size_t n = 1000;
  auto values = random_reals(n, 3, 1e6);
  values[0] = 0.5, values[1] = -2.5, values[2] = 3.5, values[999] = -2e6;
  AlignedWords words(n);
  std::copy(values.begin(), values.end(), doubles(words));
  EXPECT_EQ(kernels().round_scaled(n, doubles(words), 2), 4e6);
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(doubles(words)[i], std::nearbyint(2 * values[i]));
  std::copy(values.begin(), values.end(), doubles(words));
  EXPECT_EQ(kernels().round_scaled(3, doubles(words), 1), 4);
  EXPECT_EQ(doubles(words)[0], 0);
  EXPECT_EQ(doubles(words)[1], -2);
  doubles(words)[517] = std::nan("");
  EXPECT_TRUE(std::isnan(kernels().round_scaled(n, doubles(words), 1)));
  doubles(words)[517] = INFINITY;
  EXPECT_FALSE(std::isfinite(kernels().round_scaled(n, doubles(words), 1)));
}

TEST_P(FftKernelTest, ResiduesAreExact) {
  constexpr std::size_t n = 4096;
  for (const int bits : {20, 26, 31, 41, 49, 50}) {
    const ring::Modulus q((std::uint64_t{1} << bits) - 3);
    for (const double bound : {100.0, 0x1p20, 0x1p31, 0x1p51, 0x1p62, 0x1p69}) {
      auto values = random_reals(n, static_cast<std::uint64_t>(bits), bound);
      const auto modulus = static_cast<double>(q.value());
      const double edges[] = {0,
                              1,
                              -1,
                              modulus,
                              -modulus,
                              modulus - 1,
                              1 - modulus,
                              bound,
                              -bound,
                              std::floor(bound / modulus) * modulus,
                              (modulus - 1) / 2,
                              (modulus + 1) / 2};
      std::copy(std::begin(edges), std::end(edges), values.begin());
      AlignedWords x(n), r(n);
      for (std::size_t i = 0; i < n; ++i) doubles(x)[i] = std::nearbyint(values[i]);
      kernels().residues(q, n, doubles(x), r.data());
      for (std::size_t i = 0; i < n; ++i) {
        const double magnitude = std::fabs(doubles(x)[i]);
        const auto exact = static_cast<std::uint64_t>(static_cast<ring::u128>(magnitude) % q.value());
        ASSERT_EQ(r[i], doubles(x)[i] < 0 ? q.negate(exact) : exact) << bits << " " << values[i];
      }
      if (bound > 0x1p51) continue;
      AlignedWords c(n), again(n);
      auto* const integers = reinterpret_cast<std::int64_t*>(c.data());
      for (std::size_t i = 0; i < n; ++i) integers[i] = static_cast<std::int64_t>(doubles(x)[i]);
      kernels().residues_of_integers(q, n, integers, again.data());
      ASSERT_EQ(r, again);
    }
  }
}

TEST_P(FftKernelTest, CombinesDigits) {
  constexpr std::size_t n = 64;
  const std::uint64_t q[] = {(std::uint64_t{1} << 20) - 3, (std::uint64_t{1} << 26) - 5, (std::uint64_t{1} << 50) - 27};
  std::mt19937_64 engine(5);
  for (std::size_t rows = 1; rows <= 3; ++rows) {
    // Numbers of every size up to half the product, and those next to it.
    ring::u128 product = 1;
    for (std::size_t i = 0; i < rows; ++i) product *= q[i];
    AlignedWords digits(rows * n), x(n);
    std::vector<double> expected;
    for (std::size_t k = 0; k < n; ++k) {
      ring::u128 value = ((ring::u128{engine()} << 64 | engine()) >> k) % (product / 2);
      if (k == 0) value = product / 2;
      const bool negative = k % 2 == 1;
      const double magnitude = static_cast<double>(value);
      expected.push_back(negative ? -magnitude : magnitude);
      if (negative) value = product - value;
      for (std::size_t i = 0; i < rows; value /= q[i], ++i)
        digits[i * n + k] = static_cast<std::uint64_t>(value % q[i]);
    }
    kernels().combine(n, rows, digits.data(), q, 0.5, doubles(x));
    for (std::size_t k = 0; k < n; ++k) ASSERT_NEAR(doubles(x)[k], 0.5 * expected[k], std::fabs(expected[k]) * 0x1p-52);
  }
}

TEST_P(FftKernelTest, AddsSmallNumbersAndBias) {
  constexpr std::size_t n = 64;
  AlignedWords x(n), r(n);
  std::int8_t e[n];
  for (std::size_t i = 0; i < n; ++i) {
    e[i] = static_cast<std::int8_t>(static_cast<int>(i) * 5 - 128);
    doubles(x)[i] = 1000.0 * static_cast<double>(i);
  }
  kernels().add_small(n, doubles(x), e);
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(doubles(x)[i], 1000.0 * static_cast<double>(i) + e[i]);
  auto* const c = reinterpret_cast<std::int64_t*>(x.data());
  for (std::size_t i = 0; i < n; ++i) c[i] = static_cast<std::int64_t>(i) - 32;
  kernels().bias(n, c, 100, r.data());
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(r[i], i + 68);
}

INSTANTIATE_TEST_SUITE_P(Sets, FftKernelTest, ::testing::ValuesIn(usable_sets()),
                         [](const auto& set) { return std::string(isa_name(set.param)); });

TEST(Residue, OfAnySize) {
  const ring::Modulus q((std::uint64_t{1} << 60) - 93);
  EXPECT_EQ(residue(q, 0x1p100), q.pow(2, 100));
  EXPECT_EQ(residue(q, -0x1p100), q.negate(q.pow(2, 100)));
  EXPECT_EQ(residue(q, 0x1p1000 + 0x1p950), q.add(q.pow(2, 1000), q.pow(2, 950)));
}

}  // namespace
}  // namespace obscura::ckks
