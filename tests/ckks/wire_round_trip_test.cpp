#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "ckks/wire_cases.h"

namespace obscura::ckks {
namespace {

using namespace wire_test;

std::string hex(ByteSpan bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

bool same(const SeededCiphertext& a, const SeededCiphertext& b) {
  return a.context == b.context && a.c0 == b.c0 && a.seed == b.seed && a.scale == b.scale;
}

bool same(const CompactCiphertext& a, const CompactCiphertext& b) {
  return a.context == b.context && a.degree == b.degree && a.gap == b.gap && a.bits == b.bits && a.scale == b.scale &&
         a.c0 == b.c0 && a.c1 == b.c1;
}

bool same(const SeededKeySwitchKey& a, const SeededKeySwitchKey& b) {
  return a.seed == b.seed && a.limbs == b.limbs && a.b == b.b;
}

bool same(const SeededEvaluationKeys& a, const SeededEvaluationKeys& b) {
  if (a.context != b.context || a.relin.has_value() != b.relin.has_value() || a.galois.size() != b.galois.size() ||
      a.key != b.key || (a.relin && !same(*a.relin, *b.relin))) {
    return false;
  }
  for (const auto& [element, key] : a.galois) {
    if (!b.galois.contains(element) || !same(key, b.galois.at(element))) return false;
  }
  return true;
}

class WireRoundTrip : public ::testing::TestWithParam<Parameters> {
 protected:
  const ContextPtr context_ = Context::create(GetParam());
  Random random_{3};
};

TEST_P(WireRoundTrip, EveryFileIsWrittenAgainAsItWas) {
  for (const Case& subject : server_cases(context_)) {
    EXPECT_EQ(subject.rewrite(subject.bytes), subject.bytes) << subject.name;
    EXPECT_TRUE(expect_survives(subject, subject.bytes)) << subject.name;
  }
}

TEST_P(WireRoundTrip, Parameters) {
  EXPECT_EQ(read_parameters(write_parameters(GetParam())), GetParam());
  EXPECT_EQ(open_envelope(write_parameters(GetParam()), "parameters").digest, context_->digest());
}

TEST_P(WireRoundTrip, CiphertextsOfEveryShape) {
  for (std::size_t limbs = 1; limbs <= context_->max_limbs(); ++limbs) {
    for (const std::size_t parts : {2u, 3u}) {
      const Ciphertext c = random_ciphertext(*context_, parts, limbs, random_);
      EXPECT_EQ(read_ciphertext(*context_, write_ciphertext(*context_, c)), c);
    }
    const SeededCiphertext s = random_seeded(*context_, limbs, random_);
    EXPECT_TRUE(same(read_seeded_ciphertext(*context_, write_seeded_ciphertext(*context_, s)), s));
  }
}

TEST_P(WireRoundTrip, ShrunkPolynomialsTravelWithoutWhatIsForgotten) {
  Ciphertext c = random_ciphertext(*context_, 2, context_->max_limbs(), random_);
  for (auto& part : c.parts) part.shrink(1);
  const Bytes bytes = write_ciphertext(*context_, c);
  EXPECT_EQ(read_ciphertext(*context_, bytes), c);
  EXPECT_EQ(bytes.size(), write_ciphertext(*context_, random_ciphertext(*context_, 2, 1, random_)).size());
}

TEST_P(WireRoundTrip, CompactCiphertextsOfEveryGapAndWidth) {
  const int most = std::min<int>(60, std::bit_width(GetParam().q.front()));
  for (std::size_t gap = 1; gap <= context_->degree() / 2; gap *= 2) {
    const CompactCiphertext c = random_compact(*context_, gap, 1 + static_cast<int>(random_() % most), random_);
    EXPECT_TRUE(same(read_compact_ciphertext(*context_, write_compact_ciphertext(*context_, c)), c)) << gap;
  }
  for (int bits = 1; bits <= most; ++bits) {
    const CompactCiphertext c = random_compact(*context_, 4, bits, random_);
    EXPECT_TRUE(same(read_compact_ciphertext(*context_, write_compact_ciphertext(*context_, c)), c)) << bits;
  }
}

TEST_P(WireRoundTrip, BatchesOfAnyNumber) {
  for (const std::size_t count : {0u, 1u, 5u}) {
    std::vector<SeededCiphertext> seeded;
    std::vector<Ciphertext> plain;
    std::vector<CompactCiphertext> compact;
    for (std::size_t i = 0; i < count; ++i) {
      seeded.push_back(random_seeded(*context_, 2, random_));
      plain.push_back(random_ciphertext(*context_, 2 + i % 2, 2, random_));
      compact.push_back(random_compact(*context_, std::size_t{1} << i % 3, 6, random_));
    }
    EXPECT_EQ(read_ciphertexts(*context_, write_ciphertexts(*context_, plain)), plain);
    const auto s = read_seeded_ciphertexts(*context_, write_seeded_ciphertexts(*context_, seeded));
    const auto k = read_compact_ciphertexts(*context_, write_compact_ciphertexts(*context_, compact));
    ASSERT_EQ(s.size(), count);
    ASSERT_EQ(k.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(same(s[i], seeded[i]));
      EXPECT_TRUE(same(k[i], compact[i]));
    }
  }
}

TEST_P(WireRoundTrip, KeysMakeAContextOfTheirOwn) {
  const PublicKey key = random_public_key(*context_, random_);
  const PublicKeyFile public_file = read_public_key(write_public_key(*context_, key));
  EXPECT_EQ(public_file.parameters, GetParam());
  EXPECT_EQ(public_file.key.context, key.context);
  EXPECT_EQ(public_file.key.b, key.b);
  EXPECT_EQ(public_file.key.seed, key.seed);
  EXPECT_EQ(public_file.key.key, key.key);

  SeededEvaluationKeys keys = random_keys(*context_, random_);
  const EvaluationKeyFile file = read_evaluation_keys(write_evaluation_keys(*context_, keys));
  EXPECT_EQ(Context::create(file.parameters)->digest(), context_->digest());
  EXPECT_TRUE(same(file.keys, keys));

  keys.relin.reset();
  EXPECT_TRUE(same(read_evaluation_keys(write_evaluation_keys(*context_, keys)).keys, keys));
  keys.galois.clear();
  EXPECT_TRUE(same(read_evaluation_keys(write_evaluation_keys(*context_, keys)).keys, keys));
}

INSTANTIATE_TEST_SUITE_P(Contexts, WireRoundTrip,
                         ::testing::Values(tiny_parameters(), small_parameters(),
                                           make_parameters(13, {31, 26, 26, 26, 26, 26}, {31}),
                                           make_parameters(12, {36, 35}, {35})),
                         [](const auto& instance) {
                           return std::to_string(instance.param.log_degree) + "_log_degree";
                         });

TEST(WireSize, PackedToTheBit) {
  const ContextPtr context = Context::create(make_parameters(13, {31, 26, 26, 26, 26, 26}, {31}));
  Random random(5);
  const std::size_t bits = 31 + 5 * 26;
  EXPECT_EQ(write_seeded_ciphertext(*context, random_seeded(*context, 6, random)).size(),
            8192 * bits / 8 + kEnvelopeBytes + 42);
  EXPECT_EQ(write_ciphertext(*context, random_ciphertext(*context, 2, 6, random)).size(),
            2 * 8192 * bits / 8 + kEnvelopeBytes + 11);
  // One period of 16 slots: 32 coefficients of c_0, all of c_1, at 25 bits: under the 30 KB of a reply.
  EXPECT_EQ(write_compact_ciphertext(*context, random_compact(*context, 256, 25, random)).size(),
            (8192 + 32) * 25 / 8 + kEnvelopeBytes + 13);
  const std::vector<SeededCiphertext> batch(3, random_seeded(*context, 2, random));
  EXPECT_EQ(write_seeded_ciphertexts(*context, batch).size(), 3 * (8192 * (31 + 26) / 8 + 42) + 4 + kEnvelopeBytes);
  SeededEvaluationKeys keys{context->digest(), {}, {}, {}};
  keys.galois.emplace(3, random_key(*context, 2, random));
  EXPECT_EQ(write_evaluation_keys(*context, keys).size(),
            2 * (8192 * (31 + 26 + 31) / 8) + 34 + 4 + 5 + 16 + 21 + 7 * 8 + kEnvelopeBytes);
}

/// What any later version must still read. The bytes were put together by another program from the grammar in
/// ckks/wire.h (docs/wire-format.md shows one of them taken apart).
class WireGolden : public ::testing::Test {
 protected:
  const ContextPtr context_ = Context::create(tiny_parameters());
  const std::string digest_ = "cb633f1626b542a0345aec46a52cc21c1e042e38d62b397aa763ef9c47ac4d53";
  const std::string parameters_ =
      "040000000100000000000000010200000001000000"
      "6100000000000000c1000000000000000101000000000000";
};

ring::Polynomial steps(std::size_t limbs, std::initializer_list<std::array<std::uint64_t, 3>> rows) {
  ring::Polynomial poly(16, limbs);
  std::size_t i = 0;
  for (const auto& [factor, offset, prime] : rows) {
    for (std::uint64_t k = 0; k < 16; ++k) poly.limb(i)[k] = (factor * k + offset) % prime;
    ++i;
  }
  return poly;
}

ring::Seed counting(std::uint8_t from) {
  ring::Seed seed;
  for (auto& byte : seed) byte = from++;
  return seed;
}

TEST_F(WireGolden, Digest) {
  EXPECT_EQ(hex(context_->digest()), digest_);
}

TEST_F(WireGolden, Parameters) {
  EXPECT_EQ(hex(write_parameters(tiny_parameters())),
            "4f4253435552410001000100" + digest_ + "2d00000000000000" + parameters_ +
                "c73619714b21ebde4d666b148493af6e185342be5b45ccbd8d8e6faa063a75fc");
}

TEST_F(WireGolden, SeededCiphertext) {
  const SeededCiphertext c{context_->digest(), steps(2, {{6, 0, 97}, {12, 1, 193}}), counting(0), 40.5};
  EXPECT_EQ(hex(write_seeded_ciphertext(*context_, c)),
            "4f4253435552410001000300" + digest_ +
                "480000000000000002000000000000404440"
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                "00034382f19054301b4f887452b5010d1925313d4955616d7985919da9b5"
                "b4b10508bf09309442d6de88f5bddb367216ba93ca0575cc1ec31ba0bb77290b");
}

TEST_F(WireGolden, CompactCiphertext) {
  CompactCiphertext c{context_->digest(), 16, 8, 5, 2.0, {17, 30}, {}};
  for (std::uint64_t i = 0; i < 16; ++i) c.c1.push_back(2 * i);
  EXPECT_EQ(hex(write_compact_ciphertext(*context_, c)),
            "4f4253435552410001000400" + digest_ +
                "190000000000000008000000050000000000000040d103401083147350528b35f7"
                "3e02ce087c0b855d251fafbd956e6daeaa2cca298164cfcbea3e21eb8891305d");
}

TEST_F(WireGolden, EvaluationKeys) {
  SeededEvaluationKeys keys{context_->digest(), {}, {}, {}};
  for (std::size_t i = 0; i < keys.key.size(); ++i) keys.key[i] = static_cast<std::uint8_t>(0xa0 + i);
  keys.galois.emplace(3, SeededKeySwitchKey{counting(100), 1, {steps(2, {{6, 0, 97}, {16, 0, 257}})}});
  EXPECT_EQ(hex(write_evaluation_keys(*context_, keys)),
            "4f4253435552410002000900" + digest_ + "8800000000000000" + parameters_ +
                "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
                "0001000000030000000100"
                "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
                "00034382f19054301b4f887452b50020808001040a183880208182050c1a3878"
                "45d6840f0f7145264eee90c55ae09685cba706995d007f3625983f2c12fbf802");
}

}  // namespace
}  // namespace obscura::ckks
