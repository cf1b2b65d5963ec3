#include "ckks/keys.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/parallel.h"
#include "ckks/support.h"
#include "ring/automorphism.h"
#include "ring/packed_stream.h"
#include "secret/secret_key.h"

namespace obscura::ckks {
namespace {

using testing::rms;
using testing::small_context;

class KeysTest : public ::testing::Test {
 protected:
  /// b_j + a_j s_to - P W_j s_from must be small noise, the same integers in every row.
  void check_noise(const SeededKeySwitchKey& key, bool square, std::uint64_t element) {
    const std::size_t n = context_->degree();
    const ring::RnsBasis basis = context_->extended(key.limbs);
    ASSERT_EQ(key.b.size(), context_->digits(key.limbs));
    for (std::size_t j = 0; j < key.b.size(); ++j) {
      std::vector<double> first;
      for (std::size_t r = 0; r < basis.rows(); ++r) {
        const ring::PrimeRing& ring = context_->ring(basis, r);
        const std::uint64_t* s = key_.limb(basis.prime(r));
        AlignedWords to(n), from(n), sum(n);
        const auto index = ring::ntt_automorphism(ring::inverse_element(element, n), n);
        ring.permute(to.data(), s, index.data());
        ring::sample_uniform(ring, key.seed, key_stream(j, basis.prime(r)), sum.data());
        ring.mul(sum.data(), sum.data(), to.data());
        ring.add(sum.data(), sum.data(), key.b[j].limb(r));
        const std::size_t first_row = j * context_->parameters().digit_size;
        if (r >= first_row && r < std::min(first_row + context_->parameters().digit_size, key.limbs)) {
          std::copy(s, s + n, from.data());
          if (square) ring.mul(from.data(), from.data(), s);
          ring.mul_scalar(from.data(), from.data(), context_->key_factor(r));
          ring.sub(sum.data(), sum.data(), from.data());
        }
        ring.inverse(sum.data());
        std::vector<double> noise;
        for (std::size_t i = 0; i < n; ++i) {
          const auto c = static_cast<std::int64_t>(sum[i]), q = static_cast<std::int64_t>(ring.value());
          noise.push_back(static_cast<double>(c > q / 2 ? c - q : c));
          ASSERT_LE(std::fabs(noise.back()), 21) << "digit " << j << " row " << r;
        }
        EXPECT_NEAR(rms(noise), std::sqrt(10.5), 0.4);
        if (r == 0) first = noise;
        ASSERT_EQ(noise, first);
      }
    }
  }

  KeyRequest request() const {
    KeyRequest result;
    result.rotation(1, 4, context_->degree());
    result.rotation(-3, 2, context_->degree());
    result.conjugation(3, context_->degree());
    result.relinearisation(4);
    return result;
  }

  static ContextPtr make_context() {
    Parameters parameters = make_parameters(11, {40, 30, 30, 30, 30}, {45, 45}, 2);
    parameters.insecure = true;
    return Context::create(parameters);
  }

  ContextPtr context_ = make_context();
  SecretKey key_{context_, ring::Seed{7}};
};

TEST_F(KeysTest, EveryRowIsAnEncryptionOfItsGadget) {
  const auto keys = make_evaluation_keys(key_, request());
  ASSERT_TRUE(keys.relin);
  check_noise(*keys.relin, true, 1);
  ASSERT_EQ(keys.galois.size(), 3u);
  for (const auto& [element, key] : keys.galois) check_noise(key, false, element);
}

TEST_F(KeysTest, ThreadsMakeTheSameKindOfKeys) {
  ThreadPool pool(3);
  const auto keys = make_evaluation_keys(key_, request(), &pool);
  check_noise(*keys.relin, true, 1);
  for (const auto& [element, key] : keys.galois) check_noise(key, false, element);
  const EvaluationKeys alone(*context_, keys), shared(*context_, keys, &pool);
  const auto &a = alone.relin(4), &b = shared.relin(4);
  // All rows of q[0]: the whole packed stream.
  const std::size_t bytes = context_->degree() * a.digits() * 2 * ring::stream_word_bytes(context_->q(0));
  EXPECT_TRUE(std::equal(a.stream({0}), a.stream({0}) + bytes, b.stream({0})));
}

TEST_F(KeysTest, BlocksHoldTheSeededRows) {
  const auto keys = make_evaluation_keys(key_, request());
  for (const auto& [element, seeded] : keys.galois) {
    const KeySwitchKey key(*context_, seeded);
    ASSERT_EQ(key.limbs(), seeded.limbs);
    ASSERT_EQ(key.digits(), context_->digits(seeded.limbs));
    AlignedWords a(context_->degree());
    ASSERT_EQ(key.basis(), ring::RnsBasis(seeded.limbs, 2));
    for (std::size_t r = 0; r < key.limbs() + 2; ++r) {
      const ring::PrimeRing& ring = r < key.limbs() ? context_->q(r) : context_->p(r - key.limbs());
      const std::uint8_t* const row = key.stream(key.basis().prime(r));
      const std::size_t bytes = ring::stream_word_bytes(ring);
      const auto residue = [&](std::size_t at) {
        std::uint64_t value = 0;
        std::memcpy(&value, row + at * bytes, bytes);
        return value;
      };
      for (std::size_t j = 0; j < key.digits(); ++j) {
        const std::uint64_t stream = j * 256 + (r < key.limbs() ? r : 128 + r - key.limbs());
        ring::sample_uniform(ring, seeded.seed, stream, a.data());
        for (std::size_t i = 0; i < context_->degree(); ++i) {
          const std::size_t at = ((i / 8 * key.digits() + j) * 2) * 8 + i % 8;
          ASSERT_EQ(residue(at), seeded.b[j].limb(r)[i]);
          ASSERT_EQ(residue(at + 8), a[i]);
        }
      }
    }
  }
}

TEST_F(KeysTest, RequestsMergeAndSkipTheIdentity) {
  KeyRequest request;
  const std::size_t n = context_->degree();
  request.rotation(0, 3, n);
  request.rotation(static_cast<std::int64_t>(n / 2), 3, n);
  EXPECT_TRUE(request.galois.empty());
  request.rotation(5, 2, n);
  request.rotation(5 - static_cast<std::int64_t>(n / 2), 4, n);
  request.rotation(5, 3, n);
  ASSERT_EQ(request.galois.size(), 1u);
  EXPECT_EQ(request.galois.at(ring::galois_element(5, n)), 4u);
  request.conjugation(2, n);
  EXPECT_EQ(request.galois.at(2 * n - 1), 2u);
  request.relinearisation(3);
  request.relinearisation(2);
  EXPECT_EQ(request.relin_limbs, 3u);
}

TEST_F(KeysTest, EvaluationKeysNameWhatIsMissing) {
  const auto seeded = make_evaluation_keys(key_, request());
  const EvaluationKeys keys(*context_, seeded);
  const std::size_t n = context_->degree();
  const std::uint64_t one = ring::galois_element(1, n), minus_three = ring::galois_element(-3, n);
  EXPECT_EQ(keys.relin(4).limbs(), 4u);
  EXPECT_THROW(keys.relin(5), MismatchError);
  EXPECT_EQ(keys.galois(one, 3).permutation, ring::ntt_automorphism(one, n));
  EXPECT_EQ(keys.galois(minus_three, 2).key.limbs(), 2u);
  EXPECT_THROW(keys.galois(minus_three, 3), MismatchError);
  EXPECT_THROW(keys.galois(ring::galois_element(2, n), 1), MismatchError);
  EXPECT_THROW(EvaluationKeys().relin(1), MismatchError);
  // Rows times digits times two parts, and the permutations.
  // Packed streams need 4 to 8 bytes a residue, whatever the instruction set, rounded up to blocks.
  const std::size_t residues = n * 2 * (6 * 2 + 6 * 2 + 4 * 1 + 5 * 2), permutations = n * 4 * 3;
  EXPECT_GE(keys.memory_bytes(), 4 * residues + permutations);
  EXPECT_LE(keys.memory_bytes(), 8 * residues + permutations + 4 * in_large_pages(1 << 18) * 8);
}

TEST_F(KeysTest, RefusesOtherContextsAndShapes) {
  auto seeded = make_evaluation_keys(key_, request());
  EXPECT_THROW(EvaluationKeys(*small_context(), seeded), MismatchError);
  seeded.relin->b.pop_back();
  EXPECT_THROW(EvaluationKeys(*context_, seeded), MismatchError);
  KeyRequest too_high;
  too_high.relinearisation(6);
  EXPECT_THROW(make_evaluation_keys(key_, too_high), ParameterError);
  KeyRequest zero;
  zero.rotation(1, 0, context_->degree());
  EXPECT_THROW(make_evaluation_keys(key_, zero), ParameterError);
}

TEST_F(KeysTest, EveryKeyHasItsOwnSeed) {
  const auto a = make_evaluation_keys(key_, request()), b = make_evaluation_keys(key_, request());
  EXPECT_NE(a.relin->seed, b.relin->seed);
  EXPECT_NE(a.galois.begin()->second.seed, a.galois.rbegin()->second.seed);
}

}  // namespace
}  // namespace obscura::ckks
