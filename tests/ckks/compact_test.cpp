#include "ckks/compact.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ckks/support.h"
#include "secret/compact.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"

namespace obscura::ckks {
namespace {

using testing::largest_error;
using testing::random_reals;
using testing::rms;
using testing::small_context;

constexpr double kScale = 0x1p28;
const DecryptOptions kExact{64, 0, 30};

class CompactTest : public ::testing::Test {
 protected:
  Ciphertext encrypt(const std::vector<double>& values) const {
    return expand(*context_, SecretEncryptor(key_).encrypt(encoder_, values, kScale, 1));
  }
  std::vector<double> averaged(const std::vector<double>& slots, std::size_t period) const {
    std::vector<double> result(period, 0.0);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      result[i % period] += slots[i] * static_cast<double>(period) / static_cast<double>(slots.size());
    }
    return result;
  }

  ContextPtr context_ = small_context();
  Encoder encoder_{context_};
  SecretKey key_{context_};
  Decryptor decryptor_{key_};
};

TEST_F(CompactTest, ReadsTheAverageOverThePeriod) {
  // Slots that do not repeat at all: the average is the definition.
  const auto ciphertext = encrypt(random_reals(context_->slots(), 3));
  const auto slots = decryptor_.decrypt_real(ciphertext, kExact);
  for (std::size_t gap = 1; gap <= context_->degree() / 2; gap *= 4) {
    const std::size_t period = context_->slots() / gap;
    const CompactCiphertext reply = compact(*context_, ciphertext, gap, 40);
    ASSERT_EQ(reply.c0.size(), context_->degree() / gap);
    ASSERT_EQ(reply.c1.size(), context_->degree());
    const auto values = decryptor_.decrypt(reply, kExact);
    ASSERT_EQ(values.size(), period);
    EXPECT_LT(largest_error(averaged(slots, period), values), 8 * compact_noise(*context_, reply)) << gap;
  }
}

TEST_F(CompactTest, ReadsCoefficientsWhereThoseAreTheMessage) {
  const auto ciphertext = encrypt(random_reals(context_->slots(), 4));
  const auto coefficients = decryptor_.decrypt_coefficients(ciphertext);
  for (const std::size_t gap : {1U, 8U}) {
    const CompactCiphertext reply = compact(*context_, ciphertext, gap, 40);
    const auto values = decryptor_.open_coefficients(reply);
    ASSERT_EQ(values.size(), context_->degree() / gap);
    for (std::size_t k = 0; k < values.size(); ++k) {
      ASSERT_NEAR(values[k], coefficients[k * gap], 8 * compact_noise(*context_, reply)) << gap << " " << k;
    }
  }
  CompactCiphertext cut = compact(*context_, ciphertext, 1, 40);
  cut.c0.pop_back();
  EXPECT_THROW(decryptor_.open_coefficients(cut), MismatchError);
}

TEST_F(CompactTest, ErrorIsTheBound) {
  const auto values = random_reals(64, 5);
  std::vector<double> tiled(context_->slots());
  for (std::size_t i = 0; i < tiled.size(); ++i) tiled[i] = values[i % 64];
  const auto ciphertext = encrypt(tiled);
  for (const int bits : {28, 32, 38}) {
    const CompactCiphertext reply = compact(*context_, ciphertext, context_->slots() / 64, bits);
    for (const std::uint64_t word : reply.c1) ASSERT_LT(word, std::uint64_t{1} << bits);
    for (const std::uint64_t word : reply.c0) ASSERT_LT(word, std::uint64_t{1} << bits);
    const auto read = decryptor_.decrypt(reply, kExact);
    std::vector<double> errors;
    for (std::size_t i = 0; i < 64; ++i) errors.push_back(read[i] - values[i]);
    EXPECT_LT(rms(errors), 1.4 * compact_noise(*context_, reply)) << bits;
    EXPECT_GT(rms(errors), 0.2 * compact_noise(*context_, reply)) << bits;
    const auto rounded = decryptor_.decrypt(reply);
    const int honest = honest_precision(std::sqrt(3) * compact_noise(*context_, reply));
    for (const double v : rounded) ASSERT_EQ(std::ldexp(v, honest), std::nearbyint(std::ldexp(v, honest)));
  }
}

TEST_F(CompactTest, SwitchesEveryCoefficientToTheNearest) {
  const auto ciphertext = encrypt(random_reals(context_->slots(), 3));
  const CompactCiphertext reply = compact(*context_, ciphertext, 2, 20);
  AlignedWords c(context_->degree());
  std::copy(ciphertext.parts[0].limb(0), ciphertext.parts[0].limb(0) + c.size(), c.data());
  context_->q(0).inverse(c.data());
  for (std::size_t k = 0; k < reply.c0.size(); ++k) {
    const long double exact =
        std::ldexp(static_cast<long double>(c[2 * k]), 20) / static_cast<long double>(context_->q(0).value());
    ASSERT_EQ(reply.c0[k], static_cast<std::uint64_t>(std::floor(exact + 0.5L)) & 0xFFFFF);
  }
}

TEST_F(CompactTest, BothProductsAreTheSame) {
  const auto ciphertext = encrypt(random_reals(context_->slots(), 3));
  for (const int bits : {1, 20, 28, 40}) {
    const CompactCiphertext reply = compact(*context_, ciphertext, 4, bits);
    std::vector<std::uint64_t> directly = reply.c0, by_ntt = reply.c0;
    add_products_directly(key_, reply, directly);
    ASSERT_TRUE(add_products_by_ntt(key_, reply, by_ntt));
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    for (std::size_t k = 0; k < directly.size(); ++k) ASSERT_EQ(directly[k] & mask, by_ntt[k] & mask) << bits;
  }
  auto reply = compact(*context_, ciphertext, 4, 40);
  reply.bits = 50;
  std::vector<std::uint64_t> sums = reply.c0;
  EXPECT_FALSE(add_products_by_ntt(key_, reply, sums));
  EXPECT_EQ(sums, reply.c0);
}

TEST_F(CompactTest, RefusesWhatItCannotDo) {
  const auto ciphertext = encrypt(random_reals(8, 1));
  EXPECT_THROW(compact(*context_, ciphertext, 3, 30), ParameterError);
  EXPECT_THROW(compact(*context_, ciphertext, context_->degree(), 30), ParameterError);
  EXPECT_THROW(compact(*context_, ciphertext, 0, 30), ParameterError);
  EXPECT_THROW(compact(*context_, ciphertext, 2, 0), ParameterError);
  EXPECT_THROW(compact(*context_, ciphertext, 2, 41), ParameterError);
  const auto two = expand(*context_, SecretEncryptor(key_).encrypt(encoder_, random_reals(8, 1), kScale, 2));
  EXPECT_THROW(compact(*context_, two, 2, 30), MismatchError);
  EXPECT_THROW(compact(*small_context(10), ciphertext, 2, 30), MismatchError);
  auto reply = compact(*context_, ciphertext, 2, 30);
  reply.c0.pop_back();
  EXPECT_THROW(decryptor_.decrypt(reply), MismatchError);
  reply = compact(*context_, ciphertext, 2, 30);
  reply.context[3] ^= 1;
  EXPECT_THROW(decryptor_.decrypt(reply), MismatchError);
}

}  // namespace
}  // namespace obscura::ckks
