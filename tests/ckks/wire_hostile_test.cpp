#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "ckks/wire_cases.h"
#include "ring/primes.h"

namespace obscura::ckks {
namespace {

using namespace wire_test;
using ::testing::HasSubstr;

template <class T>
Bytes little_endian(T value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// Expects an error of type E whose line contains `said`.
template <class E, class F>
void expect_refused(F&& read, const std::string& said) {
  try {
    read();
    ADD_FAILURE() << "accepted, expected: " << said;
  } catch (const E& e) {
    EXPECT_THAT(e.what(), HasSubstr(said));
  } catch (const std::exception& e) {
    ADD_FAILURE() << "wrong type of error: " << e.what();
  }
}

class WireHostile : public ::testing::Test {
 protected:
  const ContextPtr context_ = Context::create(tiny_parameters());
  const Context& c_ = *context_;
  Random random_{11};

  const Bytes ciphertext_ = write_ciphertext(c_, random_ciphertext(c_, 2, 2, random_));
  const Bytes seeded_ = write_seeded_ciphertext(c_, random_seeded(c_, 2, random_));
  const Bytes compact_ = write_compact_ciphertext(c_, random_compact(c_, 8, 5, random_));
  const Bytes keys_ = write_evaluation_keys(c_, random_keys(c_, random_));

  template <class T>
  void refuse_ciphertext(std::size_t at, T value, const std::string& said) {
    const Bytes bad = patched(ciphertext_, at, little_endian(value));
    expect_refused<FormatError>([&] { read_ciphertext(c_, bad); }, said);
  }
  template <class T>
  void refuse_compact(std::size_t at, T value, const std::string& said) {
    const Bytes bad = patched(compact_, at, little_endian(value));
    expect_refused<FormatError>([&] { read_compact_ciphertext(c_, bad); }, said);
  }
  template <class T>
  void refuse_keys(std::size_t at, T value, const std::string& said) {
    const Bytes bad = patched(keys_, at, little_endian(value));
    expect_refused<FormatError>([&] { read_evaluation_keys(bad); }, said);
  }
};

TEST_F(WireHostile, MutationsOfTinyFiles) {
  std::uint64_t seed = 100;
  for (const Case& subject : server_cases(context_)) expect_survives_mutations(subject, 12'000, ++seed);
}

TEST_F(WireHostile, MutationsOfFilesWithManyDigits) {
  std::uint64_t seed = 200;
  for (const Case& subject : server_cases(Context::create(small_parameters()))) {
    expect_survives_mutations(subject, 600, ++seed);
  }
}

TEST_F(WireHostile, NoiseIsNoFile) {
  for (const Case& subject : server_cases(context_)) {
    for (std::size_t i = 0; i < 200; ++i) {
      Bytes noise(random_() % 400);
      for (auto& byte : noise) byte = static_cast<std::uint8_t>(random_());
      EXPECT_FALSE(expect_survives(subject, noise));
    }
  }
}

TEST_F(WireHostile, TruncatedAndTrailing) {
  for (const Case& subject : server_cases(context_)) expect_exact_length(subject);
}

TEST_F(WireHostile, EveryFlippedBitIsSeen) {
  for (std::size_t bit = 0; bit < seeded_.size() * 8; ++bit) {
    Bytes bad = seeded_;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    EXPECT_THROW(read_seeded_ciphertext(c_, bad), FormatError) << bit;
  }
}

TEST_F(WireHostile, OtherKinds) {
  const auto cases = server_cases(context_);
  for (const Case& file : cases) {
    for (const Case& reader : cases) {
      if (file.bytes[10] == reader.bytes[10]) continue;
      expect_refused<FormatError>([&] { reader.rewrite(file.bytes); },
                                  std::string(kind_name(open_envelope(reader.bytes, "it").kind)));
    }
  }
  Bytes unknown = seeded_;
  unknown[10] = 77;
  reseal(unknown);
  expect_refused<FormatError>([&] { read_seeded_ciphertext(c_, unknown); }, "unknown (kind 77)");
}

TEST_F(WireHostile, OtherVersionsAndFormats) {
  Bytes bad = seeded_;
  bad[8] = 2;
  reseal(bad);
  expect_refused<FormatError>([&] { read_seeded_ciphertext(c_, bad, "digit.ct"); },
                              "digit.ct holds a fresh (seeded) ciphertext in version 2 of the format, expected 1");
  bad = seeded_;
  bad[0] = 'o';
  reseal(bad);
  expect_refused<FormatError>([&] { read_seeded_ciphertext(c_, bad); }, "not a file of Obscura");
  expect_refused<FormatError>([&] { read_seeded_ciphertext(c_, {}); }, "not a file of Obscura");
}

TEST_F(WireHostile, OtherParameters) {
  Parameters other = tiny_parameters();
  other.q[1] = 353;
  const ContextPtr context = Context::create(other);
  expect_refused<MismatchError>([&] { read_ciphertext(*context, ciphertext_, "digit.ct"); },
                                "digit.ct was made under other parameters");
  expect_refused<MismatchError>([&] { read_seeded_ciphertext(*context, seeded_); }, "other parameters");
  expect_refused<MismatchError>([&] { read_compact_ciphertext(*context, compact_); }, "other parameters");
  expect_refused<MismatchError>([&] { write_ciphertext(*context, random_ciphertext(c_, 2, 1, random_)); },
                                "other parameters");
  expect_refused<MismatchError>([&] { write_evaluation_keys(*context, random_keys(c_, random_)); }, "other parameters");
}

TEST_F(WireHostile, CiphertextFields) {
  for (const int parts : {0, 1, 4, 255}) refuse_ciphertext(0, static_cast<std::uint8_t>(parts), "expected 2 or 3");
  for (const int limbs : {0, 3, 65535}) refuse_ciphertext(1, static_cast<std::uint16_t>(limbs), "expected 1 to 2");
  for (const double scale : {0.0, -0.0, -8.0, std::nan(""), std::numeric_limits<double>::infinity(), 1e-300, 1e300,
                             std::exp2(c_.log_q(2) + 17)}) {
    refuse_ciphertext(3, scale, "impossible scale");
  }
  refuse_ciphertext(11, std::uint8_t{97}, "not below its prime");
  refuse_ciphertext(11, std::uint64_t{0x7f}, "not below its prime");
}

TEST_F(WireHostile, TransparentCiphertexts) {
  const std::size_t part = 14 + 16;  // bytes: 7 bits and 8 bits, 16 times each
  const Bytes transparent = patched(ciphertext_, 11 + part, Bytes(part));
  expect_refused<FormatError>([&] { read_ciphertext(c_, transparent); }, "transparent");
  Bytes almost = patched(transparent, 11 + 2 * part - 1, Bytes{1});
  EXPECT_NO_THROW(read_ciphertext(c_, almost));

  Ciphertext c = read_ciphertext(c_, ciphertext_);
  c.parts[1] = read_ciphertext(c_, almost).parts[1];
  c.parts[1].limb(1)[15] = 0;
  expect_refused<FormatError>([&] { write_ciphertext(c_, c); }, "transparent");

  const Bytes compact = patched(compact_, 13 + 2, Bytes(10));
  expect_refused<FormatError>([&] { read_compact_ciphertext(c_, compact); }, "transparent");

  PublicKey key = random_public_key(c_, random_);
  const Bytes file = write_public_key(c_, key);
  const Bytes empty = patched(file, file.size() - kEnvelopeBytes - part, Bytes(part));
  expect_refused<FormatError>([&] { read_public_key(empty); }, "in the clear");
}

TEST_F(WireHostile, CompactFields) {
  for (const std::uint32_t gap : {0u, 3u, 16u, 1u << 31}) refuse_compact(0, gap, "expected a power of two up to 8");
  for (const int bits : {0, 8, 61, 64, 255}) refuse_compact(4, static_cast<std::uint8_t>(bits), "expected 1 to 7");
  refuse_compact(5, std::exp2(22), "impossible scale");
  refuse_compact(14, std::uint8_t{0xff}, "bits set between its words");  // c_0: 10 bits in two bytes
}

TEST_F(WireHostile, BatchCounts) {
  const std::vector<SeededCiphertext> batch(2, random_seeded(c_, 1, random_));
  const Bytes file = write_seeded_ciphertexts(c_, batch);
  for (const std::uint32_t count : {3u, 100u, 0xffffffffu}) {
    const Bytes bad = patched(file, 0, little_endian(count));
    expect_refused<FormatError>([&] { read_seeded_ciphertexts(c_, bad); }, "more than its");
  }
  for (const std::uint32_t count : {0u, 1u}) {
    const Bytes bad = patched(file, 0, little_endian(count));
    expect_refused<FormatError>([&] { read_seeded_ciphertexts(c_, bad); }, "bytes too many");
  }
  // A third ciphertext of two limbs behind two of one.
  Bytes mixed = patched(file, 0, little_endian(std::uint32_t{3}));
  mixed.insert(mixed.end() - 32, seeded_.begin() + 52, seeded_.end() - 32);
  reseal(mixed);
  expect_refused<FormatError>([&] { read_seeded_ciphertexts(c_, mixed); }, "different limbs");
  const std::vector<SeededCiphertext> differ{random_seeded(c_, 1, random_), random_seeded(c_, 2, random_)};
  expect_refused<MismatchError>([&] { write_seeded_ciphertexts(c_, differ); }, "differ in their limbs");
}

TEST_F(WireHostile, KeyFields) {
  constexpr std::size_t kParameters = 45 + sizeof(KeyId);
  const std::size_t key_of_two = 34 + 2 * (14 + 16 + 18);
  const std::size_t count_at = kParameters + 1 + key_of_two;
  refuse_keys(kParameters, std::uint8_t{2}, "neither 0 nor 1");
  for (const int limbs : {0, 3, 65535}) {
    refuse_keys(kParameters + 1, static_cast<std::uint16_t>(limbs), "expected 1 to 2");
  }
  for (const std::uint32_t count : {100u, 0xffffffffu}) refuse_keys(count_at, count, "more than its");
  for (const std::uint32_t element : {0u, 2u, 32u, 33u, 0xffffffffu}) {
    refuse_keys(count_at + 4, element, "expected an odd number from 1 to 31");
  }
  const std::size_t second = count_at + 4 + 4 + 34 + 14 + 18;
  ASSERT_NO_THROW(read_evaluation_keys(patched(keys_, second, little_endian(9u))));
  for (const std::uint32_t element : {1u, 3u}) refuse_keys(second, element, "expected an odd number from 4 to 31");
}

TEST_F(WireHostile, WritersRefuseWhatNoReaderTakes) {
  SeededEvaluationKeys keys = random_keys(c_, random_);
  keys.galois.emplace(4, random_key(c_, 1, random_));
  expect_refused<MismatchError>([&] { write_evaluation_keys(c_, keys); }, "4 is no Galois element");
  keys = random_keys(c_, random_);
  keys.relin->b.pop_back();
  expect_refused<MismatchError>([&] { write_evaluation_keys(c_, keys); }, "does not belong");
  Ciphertext c = random_ciphertext(c_, 2, 1, random_);
  c.parts[1].limb(0)[3] = 97;
  expect_refused<FormatError>([&] { write_ciphertext(c_, c); }, "not below its prime");
  c = random_ciphertext(c_, 2, 2, random_);
  c.parts[1].shrink(1);
  expect_refused<MismatchError>([&] { write_ciphertext(c_, c); }, "rows");
  c = random_ciphertext(c_, 1, 2, random_);
  expect_refused<FormatError>([&] { write_ciphertext(c_, c); }, "parts");
  SeededCiphertext s = random_seeded(c_, 1, random_);
  s.scale = -1;
  expect_refused<FormatError>([&] { write_seeded_ciphertext(c_, s); }, "scale");
  expect_refused<MismatchError>([&] { write_ciphertext(c_, Ciphertext{c_.digest(), {}, 1}); }, "limbs");
}

/// A parameters file with a right digest and checksum, whatever the parameters.
Bytes sealed(const Parameters& parameters) {
  return seal_envelope(Kind::parameters, digest_of(parameters), canonical_bytes(parameters));
}

TEST(WireHostileParameters, NoRingHasThem) {
  const auto refused = [](Parameters parameters, const std::string& said) {
    expect_refused<ParameterError>([&] { read_parameters(sealed(parameters), "evaluation.key"); },
                                   "evaluation.key " + said);
  };
  const Parameters good = tiny_parameters();
  ASSERT_NO_THROW(read_parameters(sealed(good)));
  Parameters p = good;
  p.insecure = false;
  refused(p, "of ring degree 2^4, expected 2^10 to 2^17");
  p = good;
  for (const int log_degree : {0, 3, 18, 60}) {
    p.log_degree = log_degree;
    refused(p, "of ring degree");
  }
  p = good;
  p.q[1] = 33;
  refused(p, "with 33, expected primes = 1 mod 32");
  p.q[1] = 101;
  refused(p, "with 101, expected primes");
  p.q[1] = (std::uint64_t{1} << 60) + 33;
  refused(p, "with 1152921504606847009, expected primes");
  p.q[1] = 97;
  refused(p, "in which a prime stands twice");
  p.q[1] = 257;
  refused(p, "in which a prime stands twice");
  p = good;
  p.digit_size = 0;
  refused(p, "with 0 primes a key-switching digit");
  p.digit_size = ~std::size_t{0};
  refused(p, "with 18446744073709551615 primes a key-switching digit, expected 1 to 32");
  p = good;
  p.p.clear();
  refused(p, "with 2 primes and 0 special ones");
  p = good;
  p.p.push_back(91);  // more than any level takes
  refused(p, "with 91, expected primes");
  p = good;
  p.q.clear();
  refused(p, "with 0 primes");
  p = good;
  p.q = ring::ntt_primes(30, 16, 120);
  refused(p, "with 120 primes");
}

TEST(WireHostileParameters, CountsAndDigest) {
  const Bytes good = write_parameters(tiny_parameters());
  for (const std::size_t at : {13u, 17u}) {
    for (const std::uint32_t count : {0u, 3u, 121u, 0xffffffffu}) {
      EXPECT_THROW(read_parameters(patched(good, at, little_endian(count))), Error);
    }
  }
  expect_refused<FormatError>([&] { read_parameters(patched(good, 13, little_endian(0xffffffffu))); }, "announces");
  expect_refused<FormatError>([&] { read_parameters(patched(good, 12, Bytes{2})); }, "neither 0 nor 1");
  expect_refused<FormatError>([&] { read_parameters(patched(good, 21, little_endian(std::uint64_t{353}))); },
                              "digest in its header");
}

TEST(WireEnvelope, ForPayloadsOfOtherFloors) {
  const Digest digest = digest_of(tiny_parameters());
  const Bytes payload{1, 2, 3};
  const Bytes file = seal_envelope(Kind::program, digest, payload);
  EXPECT_EQ(file.size(), payload.size() + kEnvelopeBytes);
  const Envelope envelope = open_envelope(file, Kind::program, "program");
  EXPECT_EQ(envelope.digest, digest);
  EXPECT_TRUE(std::ranges::equal(envelope.payload, payload));
  EXPECT_EQ(open_envelope(seal_envelope(Kind::answer, digest, {}), "answer").kind, Kind::answer);
  expect_refused<FormatError>([&] { open_envelope(file, Kind::answer, "answer.ct"); },
                              "answer.ct holds a compiled program, expected an encrypted answer");
}

}  // namespace
}  // namespace obscura::ckks
