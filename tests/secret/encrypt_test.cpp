#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <random>
#include <set>
#include <thread>

#include "base/error.h"
#include "ckks/public_encryptor.h"
#include "ckks/support.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"

namespace obscura::ckks {
namespace {

using testing::largest_error;
using testing::random_complex;
using testing::random_reals;
using testing::rms;
using testing::small_context;

constexpr double kScale = 0x1p30;
const DecryptOptions kExact{64, 0, 30};

ring::Seed seed_of(std::uint8_t first) {
  ring::Seed seed{};
  seed[0] = first;
  return seed;
}

class EncryptTest : public ::testing::Test {
 protected:
  /// c_0 + c_1 s - m in coefficients: the noise itself.
  std::vector<double> noise(const Ciphertext& ciphertext, const Plaintext& plaintext) const {
    Ciphertext difference = ciphertext;
    difference.scale = 1;
    for (std::size_t i = 0; i < ciphertext.limbs(); ++i) {
      context_->q(i).sub(difference.parts[0].limb(i), ciphertext.parts[0].limb(i), plaintext.poly.limb(i));
    }
    return decryptor_.decrypt_coefficients(difference);
  }

  ContextPtr context_ = small_context();
  Encoder encoder_{context_};
  SecretKey key_{context_, seed_of(1)};
  SecretEncryptor encryptor_{key_};
  Decryptor decryptor_{key_};
  std::vector<double> values_ = random_reals(context_->slots(), 21);
};

TEST_F(EncryptTest, DecryptsWhatWasEncrypted) {
  for (std::size_t limbs = 1; limbs <= context_->max_limbs(); ++limbs) {
    const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, limbs));
    EXPECT_EQ(ciphertext.limbs(), limbs);
    const auto decrypted = decryptor_.decrypt_real(ciphertext, kExact);
    EXPECT_LT(largest_error(values_, decrypted), 8 * base_noise(*context_, kScale)) << limbs;
  }
}

TEST_F(EncryptTest, NoiseOfSymmetricEncryptionIsTheDistributionAsked) {
  const Plaintext plaintext = encoder_.encode(values_, kScale, 2);
  std::vector<double> all;
  for (int i = 0; i < 16; ++i) {
    const auto two_steps = noise(expand(*context_, encryptor_.encrypt(plaintext)), plaintext);
    const auto fused = noise(expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2)), plaintext);
    all.insert(all.end(), two_steps.begin(), two_steps.end());
    all.insert(all.end(), fused.begin(), fused.end());
  }
  double sum = 0, largest = 0;
  for (const double e : all) {
    ASSERT_EQ(e, std::nearbyint(e));
    sum += e;
    largest = std::max(largest, std::fabs(e));
  }
  const auto count = static_cast<double>(all.size());
  EXPECT_LE(largest, 21);
  EXPECT_LT(std::fabs(sum / count), 5 * std::sqrt(10.5 / count));
  // The variance of a squared sample of kurtosis about 3 is 2 sigma^4.
  EXPECT_NEAR(rms(all) * rms(all), 10.5, 5 * 10.5 * std::sqrt(2 / count));
}

TEST_F(EncryptTest, BaseNoiseIsWhatOneMeasures) {
  // A fresh encryption is below the bound of fresh or rescaled, and not below by more than what it says of itself.
  const auto decrypted =
      decryptor_.decrypt_real(expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 1)), kExact);
  std::vector<double> error;
  for (std::size_t i = 0; i < values_.size(); ++i) error.push_back(decrypted[i] - values_[i]);
  const double fresh = std::sqrt((10.5 + 1.0 / 12) * static_cast<double>(context_->degree()) / 2) / kScale;
  EXPECT_NEAR(rms(error), fresh, 0.1 * fresh);
  EXPECT_LT(rms(error), base_noise(*context_, kScale));
}

TEST_F(EncryptTest, AllWaysToEncryptAgree) {
  const Plaintext plaintext = encoder_.encode(values_, kScale, 3);
  const auto in_two_steps = expand(*context_, encryptor_.encrypt(plaintext));
  for (const double e : noise(in_two_steps, plaintext)) ASSERT_LE(std::fabs(e), 21);
  const auto in_one = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 3));
  for (const double e : noise(in_one, plaintext)) ASSERT_LE(std::fabs(e), 21);

  const auto period = random_reals(64, 3);
  const Plaintext tiled = encoder_.encode_periodic(period, kScale, 3);
  const auto periodic = expand(*context_, encryptor_.encrypt_periodic(encoder_, period, kScale, 3));
  for (const double e : noise(periodic, tiled)) ASSERT_LE(std::fabs(e), 21);
}

TEST_F(EncryptTest, CoefficientsAboveTheExactRangeOfDoubles) {
  const double scale = 0x1p60;
  const Plaintext plaintext = encoder_.encode(values_, scale, 4);
  const auto fused = expand(*context_, encryptor_.encrypt(encoder_, values_, scale, 4));
  const auto errors = noise(fused, plaintext);
  for (const double e : errors) ASSERT_LE(std::fabs(e), 21);
  EXPECT_GT(rms(errors), 2);
  EXPECT_LT(largest_error(values_, decryptor_.decrypt_real(fused, kExact)), 1e-13);
}

TEST_F(EncryptTest, LargePrimes) {
  const auto context = small_context(10, {60, 55, 50}, {60});
  const Encoder encoder(context);
  const SecretKey key(context);
  const auto values = random_complex(context->slots(), 2);
  for (std::size_t limbs = 1; limbs <= 3; ++limbs) {
    const auto ciphertext = expand(*context, SecretEncryptor(key).encrypt(encoder.encode(values, 0x1p45, limbs)));
    const auto decrypted = Decryptor(key).decrypt(ciphertext, kExact);
    EXPECT_LT(largest_error(values, decrypted), 10 * base_noise(*context, 0x1p45));
  }
}

TEST_F(EncryptTest, ExpansionIsTheSameWithAndWithoutACopy) {
  auto seeded = encryptor_.encrypt(encoder_, values_, kScale, 3);
  const auto copied = expand(*context_, seeded);
  EXPECT_EQ(copied.parts[0], seeded.c0);
  ring::Polynomial c1(context_->degree(), 3);
  for (std::size_t i = 0; i < 3; ++i) ring::sample_uniform(context_->q(i), seeded.seed, i, c1.limb(i));
  EXPECT_EQ(copied.parts[1], c1);
  EXPECT_EQ(expand(*context_, std::move(seeded)), copied);
}

TEST_F(EncryptTest, EncryptionsAreFresh) {
  const auto a = encryptor_.encrypt(encoder_, values_, kScale, 2), b = encryptor_.encrypt(encoder_, values_, kScale, 2);
  EXPECT_NE(a.seed, b.seed);
  EXPECT_FALSE(a.c0 == b.c0);
}

TEST_F(EncryptTest, PublicKey) {
  const PublicEncryptor encryptor(context_, make_public_key(key_));
  const auto values = random_complex(context_->slots(), 4);
  const Plaintext plaintext = encoder_.encode(values, kScale, 3);
  const auto ciphertext = encryptor.encrypt(plaintext);
  EXPECT_LT(largest_error(values, decryptor_.decrypt(ciphertext, kExact)), 1e-4);
  // e_pk u + e_0 + e_1 s: three independent parts, variance 10.5 (2 N 2/3 + 1).
  const auto errors = noise(ciphertext, plaintext);
  const double expected = std::sqrt(10.5 * (1 + 4.0 / 3 * static_cast<double>(context_->degree())));
  EXPECT_NEAR(rms(errors), expected, 0.2 * expected);
  const auto again = encryptor.encrypt(plaintext);
  EXPECT_FALSE(again == ciphertext);
  EXPECT_THROW(PublicEncryptor(small_context(10), make_public_key(key_)), MismatchError);
  Plaintext wrong = plaintext;
  wrong.poly = ring::Polynomial(context_->degree() / 2, 3);
  EXPECT_THROW(encryptor.encrypt(wrong), MismatchError);
}

TEST_F(EncryptTest, SecretKeyFromASeedIsAlwaysTheSame) {
  const SecretKey again(context_, seed_of(1)), other(context_, seed_of(2)), fresh(context_), fresh2(context_);
  EXPECT_EQ(key_.coefficients(), again.coefficients());
  EXPECT_NE(key_.coefficients(), other.coefficients());
  EXPECT_NE(fresh.coefficients(), fresh2.coefficients());
  int counts[3] = {};
  for (const std::int8_t c : fresh.coefficients()) ++counts[c + 1];
  for (const int count : counts) {
    EXPECT_NEAR(count, static_cast<double>(context_->degree()) / 3, 5 * std::sqrt(2.0 / 9 * 2048));
  }
  const SecretKey stored(context_, fresh.coefficients());
  EXPECT_TRUE(std::equal(stored.q_limb(0), stored.q_limb(0) + context_->degree(), fresh.q_limb(0)));
  EXPECT_THROW(SecretKey(context_, std::vector<std::int8_t>(context_->degree(), 2)), FormatError);
  EXPECT_THROW(SecretKey(context_, std::vector<std::int8_t>(7, 1)), FormatError);
  SecretKey moved(context_);
  moved = SecretKey(context_, seed_of(1));
  EXPECT_EQ(moved.coefficients(), key_.coefficients());
}

TEST_F(EncryptTest, OnlyTheRightKeyDecrypts) {
  const SecretKey other(context_, seed_of(9));
  const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2));
  EXPECT_GT(largest_error(values_, Decryptor(other).decrypt_real(ciphertext, kExact)), 1e6);
}

TEST_F(EncryptTest, WrongContextsAndShapes) {
  const auto elsewhere = small_context(10);
  const Encoder encoder(elsewhere);
  EXPECT_THROW(encryptor_.encrypt(encoder, values_, kScale, 2), MismatchError);
  EXPECT_THROW(encryptor_.encrypt(encoder.encode(random_reals(512, 1), kScale, 2)), MismatchError);
  const SecretKey key(elsewhere);
  const auto seeded = SecretEncryptor(key).encrypt(encoder, random_reals(512, 1), kScale, 2);
  EXPECT_THROW(expand(*context_, seeded), MismatchError);
  EXPECT_THROW(decryptor_.decrypt(expand(*elsewhere, seeded)), MismatchError);
  auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2));
  auto broken = ciphertext;
  broken.parts.pop_back();
  EXPECT_THROW(decryptor_.decrypt(broken), MismatchError);
  broken = ciphertext;
  broken.parts[1].shrink(1);
  EXPECT_THROW(decryptor_.decrypt(broken), MismatchError);
  broken = ciphertext;
  broken.scale = 0;
  EXPECT_THROW(decryptor_.decrypt(broken), ParameterError);
  EXPECT_THROW(decryptor_.decrypt(ciphertext, {}, -1), ParameterError);
  EXPECT_THROW(decryptor_.decrypt(ciphertext, {-1, 5, 0}), ParameterError);
  EXPECT_THROW(encryptor_.encrypt(encoder_, values_, 0x1p45, 1), ParameterError);
  EXPECT_THROW(encryptor_.encrypt(encoder_, values_, kScale, 9), ParameterError);
}

TEST_F(EncryptTest, RoundsToWhatIsThere) {
  EXPECT_EQ(honest_precision(0x1p-20), 17);
  EXPECT_EQ(honest_precision(1), 0);
  EXPECT_EQ(honest_precision(0), 64);
  const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2));
  const double noise = base_noise(*context_, kScale);
  const int bits = honest_precision(noise * std::sqrt(3));  // its own, and sqrt(2) times as much added
  EXPECT_GT(bits, 10);
  for (const double v : decryptor_.decrypt_real(ciphertext))
    ASSERT_EQ(std::ldexp(v, bits), std::nearbyint(std::ldexp(v, bits)));
  for (const double v : decryptor_.decrypt_real(ciphertext, {4, 0, 30})) ASSERT_EQ(v * 16, std::nearbyint(v * 16));
  EXPECT_LT(largest_error(values_, decryptor_.decrypt_real(ciphertext)), std::ldexp(1, -bits));
}

TEST_F(EncryptTest, ResultsCarryTheNoiseOfTheDefault) {
  const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2));
  const double noise = 1e-3;  // far above what is there
  DecryptOptions unrounded;
  unrounded.fraction_bits = 40;
  const auto read = decryptor_.decrypt_real(ciphertext, unrounded, noise);
  std::vector<double> errors;
  for (std::size_t i = 0; i < values_.size(); ++i) errors.push_back(read[i] - values_[i]);
  EXPECT_NEAR(rms(errors), std::sqrt(2) * noise, 0.15 * noise);
  // Asking again averages nothing; another ciphertext or strength has noise of its own.
  EXPECT_EQ(read, decryptor_.decrypt_real(ciphertext, unrounded, noise));
  const auto stronger = decryptor_.decrypt_real(ciphertext, unrounded, 2 * noise);
  double product = 0, squares = 0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    product += errors[i] * (stronger[i] - values_[i]);
    squares += 2 * errors[i] * errors[i];
  }
  EXPECT_LT(std::abs(product / squares), 5 / std::sqrt(static_cast<double>(values_.size())));
}

TEST(NoiseBound, IsOverTheDeviationButForOneInAThousand) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(0, 3);
  for (const std::size_t count : {16u, 32u, 256u, 4096u}) {
    int under = 0;
    double sum = 0;
    for (int trial = 0; trial < 3000; ++trial) {
      std::vector<double> samples(count);
      for (double& v : samples) v = normal(random);
      const double bound = noise_bound(samples);
      under += bound < 3 ? 1 : 0;
      sum += bound;
    }
    EXPECT_LE(under, 12) << count;  // 3 expected
    EXPECT_LT(sum / 3000, 3 * (1 + 4.5 / std::sqrt(static_cast<double>(count)))) << count;
  }
  EXPECT_EQ(noise_bound({}), 0);
}

TEST_F(EncryptTest, FloodingHasTheStatedSigma) {
  const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2));
  const double noise = 1e-9, sigma = std::sqrt(12 * 16.0) * std::exp2(10) * noise;
  const auto flooded = decryptor_.decrypt(ciphertext, {64, 16, 20}, noise);
  std::vector<double> errors;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    errors.push_back(flooded[i].real() - values_[i]);
    errors.push_back(flooded[i].imag());
  }
  EXPECT_NEAR(rms(errors), std::hypot(sigma, base_noise(*context_, kScale)), 0.15 * sigma);
  EXPECT_EQ(flooded, decryptor_.decrypt(ciphertext, {64, 16, 20}, noise)) << "asking again must not average it away";
  const auto another = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 2));
  EXPECT_NE(flooded, decryptor_.decrypt(another, {64, 16, 20}, noise));
  const int bits = honest_precision(std::hypot(sigma, noise));
  for (const double v : decryptor_.decrypt_real(ciphertext, {-1, 16, 20}, noise)) {
    ASSERT_EQ(std::ldexp(v, bits), std::nearbyint(std::ldexp(v, bits)));
  }
}

TEST_F(EncryptTest, CountsDecryptions) {
  const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 1));
  EXPECT_EQ(decryptor_.decryptions(), 0u);
  decryptor_.decrypt(ciphertext);
  decryptor_.decrypt_real(ciphertext);
  decryptor_.decrypt_coefficients(ciphertext);
  EXPECT_EQ(decryptor_.decryptions(), 3u);
}

TEST_F(EncryptTest, ManyThreads) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto ciphertext = expand(*context_, encryptor_.encrypt(encoder_, values_, kScale, 3));
        if (largest_error(values_, decryptor_.decrypt_real(ciphertext, kExact)) > 1e-5) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(decryptor_.decryptions(), 40u);
}

}  // namespace
}  // namespace obscura::ckks
