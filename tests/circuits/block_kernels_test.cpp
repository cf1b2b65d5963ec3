#include "circuits/block_kernels.h"

#include <gtest/gtest.h>

#include <random>

#include "base/memory.h"
#include "ring/packed_stream.h"
#include "ring/primes.h"

namespace obscura::circuits {
namespace {

constexpr std::size_t kN = 256;

std::vector<std::int64_t> real_coefficients(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::int64_t> c(kN);
  c[0] = static_cast<std::int64_t>(engine() % 2001) - 1000;
  for (std::size_t j = 1; j < kN / 2; ++j) {
    c[j] = static_cast<std::int64_t>(engine() % 2000001) - 1000000;
    c[kN - j] = -c[j];
  }
  return c;
}

AlignedWords transformed(const ring::PrimeRing& ring, const std::vector<std::int64_t>& coefficients) {
  AlignedWords words(kN);
  for (std::size_t j = 0; j < kN; ++j) words[j] = ring.modulus().reduce_signed(coefficients[j]);
  ring.forward(words.data());
  return words;
}

/// Every size of packed residues, and words.
class BlockKernels : public ::testing::TestWithParam<int> {
 protected:
  const ring::PrimeRing ring{kN, ring::ntt_primes(GetParam(), kN, 1).front()};
  const ring::Modulus& q = ring.modulus();

  AlignedWords stream_memory(std::size_t count) const {
    return AlignedWords(count * half_stream_bytes(ring) / 8 + ring::kStreamSlack);
  }
  std::uint64_t word(const std::uint8_t* stream, std::size_t i) const {
    std::uint64_t result = 0;
    const std::size_t bytes = ring::stream_word_bytes(ring);
    for (std::size_t b = 0; b < bytes; ++b) result |= std::uint64_t{stream[i * bytes + b]} << (8 * b);
    return result;
  }
  AlignedWords random_words(std::uint64_t seed) const {
    std::mt19937_64 engine(seed);
    AlignedWords words(kN);
    for (std::size_t i = 0; i < kN; ++i) words[i] = engine() % q.value();
    return words;
  }
};

TEST_P(BlockKernels, TwoPlaintextsFromOneTransform) {
  const auto a = real_coefficients(1), b = real_coefficients(2);
  std::vector<std::int64_t> both(kN);
  for (std::size_t j = 0; j < kN; ++j) both[j] = a[j] + (j < kN / 2 ? -b[j + kN / 2] : b[j - kN / 2]);
  AlignedWords memory = stream_memory(2);
  auto* const first = reinterpret_cast<std::uint8_t*>(memory.data());
  auto* const second = first + half_stream_bytes(ring);
  split_pair(ring, transformed(ring, both).data(), split_constant(ring), first, second);
  const AlignedWords whole_a = transformed(ring, a), whole_b = transformed(ring, b);
  for (std::size_t i = 0; i < kN / 2; ++i) {
    EXPECT_EQ(whole_a[i], whole_a[kN - 1 - i]);
    ASSERT_EQ(word(first, i), whole_a[i]) << i;
    ASSERT_EQ(word(second, i), whole_b[i]) << i;
  }
}

TEST_P(BlockKernels, ProductsOfBothHalves) {
  for (const std::size_t count : {1, 5, 64}) {
    AlignedWords memory = stream_memory(2 * count);
    std::vector<AlignedWords> x, plain;
    std::vector<const std::uint64_t*> a0, a1;
    std::vector<const std::uint8_t*> b;
    for (std::size_t t = 0; t < count; ++t) {
      plain.push_back(transformed(ring, real_coefficients(10 + t)));
      auto* const stream = reinterpret_cast<std::uint8_t*>(memory.data()) + t * half_stream_bytes(ring);
      for (std::size_t i = 0; i < kN / 2; i += 8) {
        const std::size_t bytes = ring::stream_word_bytes(ring);
        ring::write_stream_block(plain[t].data() + i, bytes, stream + i * bytes);
      }
      b.push_back(stream);
      x.push_back(random_words(2 * t)), x.push_back(random_words(2 * t + 1));
    }
    for (std::size_t t = 0; t < count; ++t) a0.push_back(x[2 * t].data()), a1.push_back(x[2 * t + 1].data());
    for (const bool add : {false, true}) {
      AlignedWords r0 = random_words(901), r1 = random_words(902);
      AlignedWords expected0 = r0, expected1 = r1;
      for (std::size_t i = 0; i < kN; ++i) {
        // Only the first quarter and its image are asked for.
        if (i >= kN / 4 && i < kN - kN / 4) continue;
        std::uint64_t s0 = add ? r0[i] : 0, s1 = add ? r1[i] : 0;
        for (std::size_t t = 0; t < count; ++t) {
          s0 = q.add(s0, q.mul(x[2 * t][i], plain[t][i])), s1 = q.add(s1, q.mul(x[2 * t + 1][i], plain[t][i]));
        }
        expected0[i] = s0, expected1[i] = s1;
      }
      palindrome_product(ring, 0, kN / 8, r0.data(), r1.data(), a0.data(), a1.data(), b.data(), count, add);
      palindrome_product(ring, kN / 8, kN / 8, r0.data(), r1.data(), a0.data(), a1.data(), b.data(), count, add);
      EXPECT_EQ(r0, expected0);
      EXPECT_EQ(r1, expected1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Bits, BlockKernels, ::testing::Values(26, 32, 45, 48, 49, 50, 60));

TEST(NarrowCoefficients, AreResiduesOfPrimesOver31Bits) {
  AlignedWords memory(kN / 2), out(kN);
  auto* const c = reinterpret_cast<std::int32_t*>(memory.data());
  std::mt19937_64 engine(5);
  for (std::size_t i = 0; i < kN; ++i) c[i] = static_cast<std::int32_t>(engine());
  c[0] = INT32_MIN, c[1] = INT32_MAX, c[2] = 0, c[3] = -1;
  for (const int bits : {32, 48, 60}) {
    const ring::PrimeRing ring(kN, ring::ntt_primes(bits, kN, 1).front());
    residues_of_narrow(ring, c, out.data());
    for (std::size_t i = 0; i < kN; ++i) EXPECT_EQ(out[i], ring.modulus().reduce_signed(c[i]));
  }
}

}  // namespace
}  // namespace obscura::circuits
