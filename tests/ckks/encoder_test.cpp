#include "ckks/encoder.h"

#include <gtest/gtest.h>

#include <numbers>

#include "base/error.h"
#include "ckks/residues.h"
#include "ckks/support.h"

namespace obscura::ckks {
namespace {

using testing::largest_error;
using testing::random_complex;
using testing::random_reals;
using testing::small_context;

/// The coefficients of a plaintext from its first limb alone, centred.
std::vector<double> coefficients(const Context& context, const Plaintext& plaintext, std::size_t row = 0) {
  AlignedWords words(context.degree());
  std::copy(plaintext.poly.limb(row), plaintext.poly.limb(row) + context.degree(), words.data());
  context.q(row).inverse(words.data());
  std::vector<double> result;
  const auto q = static_cast<std::int64_t>(context.q(row).value());
  for (std::size_t i = 0; i < context.degree(); ++i) {
    const auto c = static_cast<std::int64_t>(words[i]);
    result.push_back(static_cast<double>(c > q / 2 ? c - q : c));
  }
  return result;
}

std::vector<double> divided(std::vector<double> values, double scale) {
  for (double& v : values) v /= scale;
  return values;
}

TEST(Encoder, DecodesWhatItEncoded) {
  const auto context = small_context();
  const Encoder encoder(context);
  const double scale = 0x1p30;
  const auto values = random_complex(context->slots(), 5);
  const auto decoded = encoder.decode(divided(coefficients(*context, encoder.encode(values, scale, 2)), scale));
  // A rounding error of 1/12 variance a coefficient: sigma sqrt(N / 12) / scale in a slot, ten of them.
  EXPECT_LT(largest_error(values, decoded), 10 * std::sqrt(static_cast<double>(context->degree()) / 12) / scale);
}

TEST(Encoder, KnownAnswers) {
  const auto context = small_context();
  const Encoder encoder(context);
  // The same number in every slot is a constant polynomial; i in the slots of even index and -i in the others is
  // X^(N/2).
  auto c = coefficients(*context, encoder.encode(std::vector<double>(context->slots(), 0.25), 1024, 1));
  EXPECT_EQ(c[0], 256);
  for (std::size_t k = 1; k < c.size(); ++k) ASSERT_EQ(c[k], 0);
  std::vector<std::complex<double>> values(context->slots());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = {0, i % 2 == 0 ? 1.0 : -1.0};
  c = coefficients(*context, encoder.encode(values, 1024, 1));
  EXPECT_EQ(c[context->slots()], 1024);
  EXPECT_EQ(c[0], 0);
  // X itself: zeta^(3^i).
  std::size_t power = 1;
  for (auto& v : values) {
    v = std::polar(1.0, std::numbers::pi * static_cast<double>(power) / static_cast<double>(context->degree()));
    power = power * 3 % (2 * context->degree());
  }
  c = coefficients(*context, encoder.encode(values, 1024, 1));
  for (std::size_t k = 0; k < c.size(); ++k) ASSERT_EQ(c[k], k == 1 ? 1024 : 0);
}

TEST(Encoder, RowsAreOneIntegerPolynomial) {
  const auto context = small_context();
  const Encoder encoder(context);
  const auto values = random_reals(context->slots(), 6);
  const Plaintext plaintext = encoder.encode(values, 0x1p20, context->extended(3));
  ASSERT_EQ(plaintext.poly.limbs(), 3 + context->special_limbs());
  EXPECT_EQ(plaintext.basis, ring::RnsBasis(3, context->special_limbs()));
  EXPECT_EQ(plaintext.limbs(), 3u);
  EXPECT_EQ(plaintext.context, context->digest());
  const auto first = coefficients(*context, plaintext, 0);
  EXPECT_EQ(first, coefficients(*context, plaintext, 1));
  EXPECT_EQ(first, coefficients(*context, plaintext, 2));
  AlignedWords special(context->degree());
  std::copy(plaintext.poly.limb(3), plaintext.poly.limb(3) + context->degree(), special.data());
  context->p(0).inverse(special.data());
  for (std::size_t k = 0; k < first.size(); ++k) {
    ASSERT_EQ(special[k], context->p(0).modulus().reduce_signed(static_cast<std::int64_t>(first[k])));
  }
}

TEST(Encoder, MissingValuesAreZero) {
  const auto context = small_context();
  const Encoder encoder(context);
  auto values = random_reals(37, 8);
  const auto few = encoder.encode(values, 0x1p20, 1);
  values.resize(context->slots(), 0.0);
  EXPECT_EQ(few.poly, encoder.encode(values, 0x1p20, 1).poly);
  EXPECT_EQ(encoder.encode(std::vector<double>{}, 0x1p20, 1).poly,
            encoder.encode(std::vector<double>(context->slots(), 0.0), 0x1p20, 1).poly);
}

TEST(Encoder, RealsAreComplexNumbers) {
  const auto context = small_context();
  const Encoder encoder(context);
  const auto values = random_reals(context->slots(), 9);
  const std::vector<std::complex<double>> complex(values.begin(), values.end());
  EXPECT_EQ(encoder.encode(values, 0x1p20, 2).poly, encoder.encode(complex, 0x1p20, 2).poly);
}

TEST(Encoder, PeriodIsTiling) {
  const auto context = small_context();
  const Encoder encoder(context);
  for (std::size_t period = 1; period <= context->slots(); period *= 2) {
    const auto values = random_reals(period, period);
    std::vector<double> tiled(context->slots());
    for (std::size_t i = 0; i < tiled.size(); ++i) tiled[i] = values[i % period];
    const auto a = encoder.encode_periodic(values, 0x1p24, context->extended(2));
    const auto b = encoder.encode(tiled, 0x1p24, context->extended(2));
    EXPECT_EQ(a.poly, b.poly) << period;
    const auto c = divided(coefficients(*context, a), 0x1p24);
    std::vector<double> few;
    for (std::size_t k = 0; k < 2 * period; ++k) few.push_back(c[k * (context->degree() / (2 * period))]);
    const auto decoded = encoder.decode_periodic(few);
    ASSERT_EQ(decoded.size(), period);
    EXPECT_LT(largest_error(values, decoded), 10 * std::sqrt(static_cast<double>(period) / 6) / 0x1p24 + 1e-7);
  }
}

TEST(Encoder, CoefficientsCanBeKept) {
  const auto context = small_context();
  const Encoder encoder(context);
  const auto values = random_reals(context->slots(), 10);
  AlignedWords words(context->degree());
  auto* const kept = reinterpret_cast<std::int64_t*>(words.data());
  for (const double scale : {0x1p20, 0x1p45, 0x1p60}) {
    encoder.encode_coefficients(values, scale, kept);
    const ring::RnsBasis basis = context->extended(4);
    ring::Polynomial poly(context->degree(), basis.rows());
    for_rows(*context, basis, [&](const ring::PrimeRing& ring, std::size_t row) {
      to_residues(ring, kept, largest_magnitude(kept, context->degree()), poly.limb(row));
      ring.forward(poly.limb(row));
    });
    EXPECT_EQ(poly, encoder.encode(values, scale, basis).poly);
  }
}

TEST(Encoder, LargePrimesAndLargeValues) {
  const auto context = small_context(10, {60, 60, 50, 45}, {60});
  const Encoder encoder(context);
  // 2^60 times a power of two in every slot: an exact constant far above 64 bits.
  const auto plaintext = encoder.encode(std::vector<double>(context->slots(), 0x1p40), 0x1p60, context->extended(4));
  for (std::size_t row = 0; row < 4; ++row) {
    const auto& q = context->q(row).modulus();
    // A constant is the same number at every point.
    for (std::size_t k = 0; k < context->degree(); ++k) ASSERT_EQ(plaintext.poly.limb(row)[k], q.pow(2, 100));
  }
  const auto values = random_reals(context->slots(), 4);
  const auto decoded = encoder.decode(divided(coefficients(*context, encoder.encode(values, 0x1p55, 1)), 0x1p55));
  EXPECT_LT(largest_error(values, decoded), 0x1p-44);
}

TEST(Encoder, RefusesWhatItCannotHold) {
  const auto context = small_context();
  const Encoder encoder(context);
  const std::vector<double> one{1.0};
  EXPECT_THROW(encoder.encode(std::vector<double>(context->slots() + 1), 1024, 1), ParameterError);
  for (const double scale : {0.0, 0.5, -1.0, 0x1p61, double{INFINITY}, std::nan("")}) {
    EXPECT_THROW(encoder.encode(one, scale, 1), ParameterError) << scale;
  }
  EXPECT_THROW(encoder.encode(one, 1024, 0), ParameterError);
  EXPECT_THROW(encoder.encode(one, 1024, context->max_limbs() + 1), ParameterError);
  for (const double bad : {double{INFINITY}, -double{INFINITY}, std::nan("")}) {
    EXPECT_THROW(encoder.encode(std::vector<double>{0.0, bad}, 1024, 1), ParameterError);
    EXPECT_THROW(encoder.encode(std::vector<std::complex<double>>{{0.0, bad}}, 1024, 1), ParameterError);
    EXPECT_THROW(encoder.encode_periodic(std::vector<double>{0.0, bad}, 1024, 1), ParameterError);
  }
  EXPECT_THROW(encoder.encode(std::vector<double>{1e308, 1e308}, 0x1p60, 4), ParameterError);
  const std::vector<double> constant(context->slots(), 1.0);
  EXPECT_NO_THROW(encoder.encode(constant, 0x1p38, 1));
  EXPECT_THROW(encoder.encode(constant, 0x1p40, 1), ParameterError);
  EXPECT_NO_THROW(encoder.encode(constant, 0x1p40, 2));
  EXPECT_THROW(encoder.encode_periodic(std::vector<double>(3), 1024, 1), ParameterError);
  EXPECT_THROW(encoder.encode_periodic(std::vector<double>{}, 1024, 1), ParameterError);
  AlignedWords words(context->degree());
  auto* const kept = reinterpret_cast<std::int64_t*>(words.data());
  EXPECT_THROW(encoder.encode_coefficients(std::vector<double>(context->slots(), 8.0), 0x1p60, kept), ParameterError);
  // Some of the special primes, or more than there are.
  EXPECT_THROW(encoder.encode(one, 1024, {1, context->special_limbs() + 1}), ParameterError);
  const auto two_special = small_context(10, {40, 30}, {45, 45});
  EXPECT_NO_THROW(Encoder(two_special).encode(one, 1024, {1, 1}));
  EXPECT_THROW(Encoder(two_special).encode(one, 1024, {1, 2}), ParameterError);
  EXPECT_THROW(encoder.decode(std::vector<double>(7)), ParameterError);
  EXPECT_THROW(encoder.decode_periodic(std::vector<double>(7)), ParameterError);
}

}  // namespace
}  // namespace obscura::ckks
