#include <algorithm>

#include "base/error.h"
#include "ring/kernel_testing.h"

namespace obscura::ring {
namespace {

using testing::bit_reverse;
using testing::fast_isas;
using testing::random_words;
using Word = std::uint64_t;

std::vector<Isa> all_isas() {
  std::vector<Isa> all = fast_isas();
  all.insert(all.begin(), Isa::scalar);
  return all;
}

Word evaluate(const Modulus& q, const AlignedWords& x, Word z) {
  Word value = 0;
  for (std::size_t i = x.size(); i-- > 0;) value = q.add(q.mul(value, z), x[i]);
  return value;
}

TEST(Ntt, EvaluatesAtOddPowersOfTheRootInBitReversedOrder) {
  for (const Isa isa : all_isas()) {
    for (std::size_t n = 8; n <= 512; n *= 2) {
      for (const int bits : {20, 45, 48, 50, 60}) {
        const PrimeRing ring(n, ntt_primes(bits, n, 1)[0], isa);
        const AlignedWords x = random_words(n, ring.value(), n);
        AlignedWords y = x;
        ring.forward(y.data());
        for (std::size_t j = 0; j < n; ++j) {
          const Word z = ring.modulus().pow(ring.root(), 2 * bit_reverse(j, n) + 1);
          ASSERT_EQ(y[j], evaluate(ring.modulus(), x, z)) << isa_name(isa) << " " << n << " " << bits;
        }
      }
    }
  }
}

// X^N = -1 in Z_17[X] / (X^8 + 1) with psi = 3: X goes to psi^(2 bitrev(j) + 1).
TEST(Ntt, KnownAnswer) {
  const PrimeRing ring(8, 17, Isa::scalar);
  EXPECT_EQ(ring.root(), 3u);
  AlignedWords x(8);
  std::fill_n(x.data(), 8, 0);
  x[1] = 1;
  ring.forward(x.data());
  const std::vector<Word> powers(x.data(), x.data() + 8);
  EXPECT_EQ(powers, (std::vector<Word>{3, 14, 5, 12, 10, 7, 11, 6}));
}

TEST(Ntt, EveryInstructionSetGivesTheScalarBits) {
  for (const Isa isa : fast_isas()) {
    for (std::size_t n = 8; n <= std::size_t{1} << 17; n *= 2) {
      for (const int bits : {20, 30, 40, 46, 47, 48, 49, 50, 51, 60}) {
        if (n > 4096 && (bits < 45 || bits > 50)) continue;
        const Word q = ntt_primes(bits, n, 1)[0];
        const PrimeRing plain(n, q, Isa::scalar), fast(n, q, isa);
        AlignedWords a = random_words(n, q, n + static_cast<Word>(bits)), b = a;
        const AlignedWords start = a;
        plain.forward(a.data());
        fast.forward(b.data());
        ASSERT_EQ(a, b) << isa_name(isa) << " forward " << n << " " << bits;
        const AlignedWords transformed = b;
        AlignedWords elsewhere(n);
        fast.inverse(elsewhere.data(), transformed.data());
        plain.inverse(a.data());
        fast.inverse(b.data());
        ASSERT_EQ(a, b) << isa_name(isa) << " inverse " << n << " " << bits;
        ASSERT_EQ(a, elsewhere) << isa_name(isa) << " inverse to elsewhere " << n << " " << bits;
        ASSERT_EQ(a, start) << n << " " << bits;
      }
    }
  }
}

TEST(Ntt, ExtremeInputs) {
  for (const Isa isa : fast_isas()) {
    for (const int bits : {46, 48, 49, 50}) {
      const std::size_t n = 16384;
      const Word q = ntt_primes(bits, n, 1)[0];
      const PrimeRing plain(n, q, Isa::scalar), fast(n, q, isa);
      for (int pattern = 0; pattern < 4; ++pattern) {
        AlignedWords a(n);
        for (std::size_t i = 0; i < n; ++i) {
          const Word choices[] = {q - 1, i % 2 == 0 ? q - 1 : 0, i < n / 2 ? q - 1 : 1, i % 64 < 32 ? 0 : q - 1};
          a[i] = choices[pattern];
        }
        AlignedWords b = a, c = a;
        plain.forward(a.data());
        fast.forward(b.data());
        ASSERT_EQ(a, b) << bits << " " << pattern;
        plain.inverse(c.data());
        AlignedWords d(n);
        fast.inverse(b.data());
        fast.forward(c.data());
        fast.inverse(c.data());
        std::copy_n(c.data(), n, d.data());
        plain.forward(d.data());
        ASSERT_EQ(d, b) << bits << " " << pattern;
      }
    }
  }
}

TEST(Ntt, TurnsNegacyclicConvolutionIntoProducts) {
  for (const Isa isa : all_isas()) {
    const std::size_t n = 256;
    const PrimeRing ring(n, ntt_primes(49, n, 1)[0], isa);
    const Modulus& q = ring.modulus();
    AlignedWords a = random_words(n, ring.value(), 1), b = random_words(n, ring.value(), 2), want(n);
    std::fill_n(want.data(), n, 0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        Word& to = want[(i + j) % n];
        to = i + j < n ? q.add(to, q.mul(a[i], b[j])) : q.sub(to, q.mul(a[i], b[j]));
      }
    }
    ring.forward(a.data());
    ring.forward(b.data());
    ring.mul(a.data(), a.data(), b.data());
    ring.inverse(a.data());
    EXPECT_EQ(a, want) << isa_name(isa);
  }
}

TEST(PrimeRing, RefusesWhatItCannotDo) {
  EXPECT_THROW(PrimeRing(12, 97), ParameterError);
  EXPECT_THROW(PrimeRing(4, 17), ParameterError);
  EXPECT_THROW(PrimeRing(std::size_t{1} << 18, (Word{5} << 19) + 1), ParameterError);
  EXPECT_THROW(PrimeRing(8, 33), ParameterError);  // 1 mod 16 but not a prime
  EXPECT_THROW(PrimeRing(8, 19), ParameterError);  // a prime but not 1 mod 16
  EXPECT_THROW(PrimeRing(8, (Word{1} << 60) + 1), ParameterError);
}

TEST(PrimeRing, SaysWhichInstructionsItUses) {
  EXPECT_EQ(PrimeRing(4096, ntt_primes(60, 4096, 1)[0], best_isa()).isa(), Isa::scalar);
  for (const Isa isa : all_isas()) EXPECT_EQ(PrimeRing(4096, ntt_primes(45, 4096, 1)[0], isa).isa(), isa);
}

}  // namespace
}  // namespace obscura::ring
