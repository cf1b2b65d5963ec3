#include <algorithm>
#include <numeric>

#include "ring/automorphism.h"
#include "ring/kernel_testing.h"

namespace obscura::ring {
namespace {

using testing::for_each_ring;
using testing::kBits;
using testing::pointers;
using testing::random_arrays;
using testing::random_words;
using Word = std::uint64_t;

/// Words below this are allowed where a kernel takes "any word".
Word any_word_bound(const PrimeRing& ring) {
  return Word{1} << (ring.value() >> 50 == 0 ? 52 : 60);
}

using Binary = void (PrimeRing::*)(Word*, const Word*, const Word*) const;

void expect_same(const PrimeRing& fast, const PrimeRing& plain, Binary op) {
  const std::size_t n = fast.degree();
  const AlignedWords a = random_words(n, fast.value(), 1);
  AlignedWords b = random_words(n, fast.value(), 2), r1 = random_words(n, fast.value(), 3), r2 = r1;
  std::reverse(b.data(), b.data() + n / 2);
  (fast.*op)(r1.data(), a.data(), b.data());
  (plain.*op)(r2.data(), a.data(), b.data());
  EXPECT_EQ(r1, r2);
  // Over each operand, and with both the same.
  AlignedWords c = a, d = a;
  (fast.*op)(c.data(), c.data(), b.data());
  (plain.*op)(d.data(), d.data(), b.data());
  EXPECT_EQ(c, d);
  c = d = b;
  (fast.*op)(c.data(), a.data(), c.data());
  (plain.*op)(d.data(), a.data(), d.data());
  EXPECT_EQ(c, d);
  c = d = a;
  (fast.*op)(c.data(), c.data(), c.data());
  (plain.*op)(d.data(), d.data(), d.data());
  EXPECT_EQ(c, d);
}

TEST(Pointwise, BinaryOperations) {
  for_each_ring(1024, [](const PrimeRing& fast, const PrimeRing& plain) {
    for (const Binary op : {&PrimeRing::add, &PrimeRing::sub, &PrimeRing::mul, &PrimeRing::mul_add}) {
      expect_same(fast, plain, op);
    }
  });
}

TEST(Pointwise, ScalarProductsMatchTheModulus) {
  for (const int bits : kBits) {
    const PrimeRing ring(64, ntt_primes(bits, 64, 1)[0], Isa::scalar);
    const Modulus& q = ring.modulus();
    const AlignedWords a = random_words(64, q.value(), 1), b = random_words(64, q.value(), 7);
    AlignedWords r = random_words(64, q.value(), 9);
    const AlignedWords before = r;
    ring.mul_add(r.data(), a.data(), b.data());
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(r[i], q.add(before[i], q.mul(a[i], b[i])));
    ring.sub_mul_scalar(r.data(), a.data(), b.data(), 12345);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(r[i], q.mul(q.sub(a[i], b[i]), 12345));
  }
}

TEST(Pointwise, UnaryOperationsAndScalars) {
  for_each_ring(512, [](const PrimeRing& fast, const PrimeRing& plain) {
    const std::size_t n = fast.degree();
    const Word q = fast.value();
    const AlignedWords a = random_words(n, q, 4), any = random_words(n, any_word_bound(fast), 5),
                       wide = random_words(n, Word{1} << 63, 6);
    AlignedWords r1(n), r2(n);
    fast.negate(r1.data(), a.data()), plain.negate(r2.data(), a.data());
    EXPECT_EQ(r1, r2);
    fast.reduce(r1.data(), wide.data()), plain.reduce(r2.data(), wide.data());
    EXPECT_EQ(r1, r2);
    for (const Word w : {Word{0}, Word{1}, q / 3, q - 1}) {
      fast.mul_scalar(r1.data(), a.data(), w), plain.mul_scalar(r2.data(), a.data(), w);
      EXPECT_EQ(r1, r2);
      fast.add_scalar(r1.data(), a.data(), w), plain.add_scalar(r2.data(), a.data(), w);
      EXPECT_EQ(r1, r2);
      fast.sub_mul_scalar(r1.data(), a.data(), any.data(), w), plain.sub_mul_scalar(r2.data(), a.data(), any.data(), w);
      EXPECT_EQ(r1, r2);
    }
    for (const Word from : {Word{97}, (Word{1} << 30) + 1, q, (Word{1} << 60) - 1}) {
      AlignedWords x = random_words(n, from, 8);
      x[0] = from / 2, x[1] = from / 2 + 1;
      fast.reduce_centred(r1.data(), x.data(), from), plain.reduce_centred(r2.data(), x.data(), from);
      EXPECT_EQ(r1, r2);
    }
  });
}

TEST(Pointwise, ReduceCentredKeepsTheSign) {
  const PrimeRing ring(128, ntt_primes(40, 128, 1)[0], best_isa());
  AlignedWords x(128);
  for (std::size_t i = 0; i < 128; ++i) x[i] = i % 2 == 0 ? i : 1009 - i;
  ring.reduce_centred(x.data(), x.data(), 1009);
  for (std::size_t i = 0; i < 128; ++i) EXPECT_EQ(x[i], i % 2 == 0 ? i : ring.value() - i);
}

TEST(Pointwise, KeyProduct) {
  for_each_ring(256, [](const PrimeRing& fast, const PrimeRing& plain) {
    const std::size_t n = fast.degree();
    for (const std::size_t count : {1, 2, 7, 16, 33}) {
      const auto a = random_arrays(count, n, fast.value(), 1);
      AlignedWords r1(n), r2(n), s1(n), s2(n);
      const std::size_t key_digits = count + 2;
      const AlignedWords key = random_words(2 * n * key_digits, fast.value(), 3);
      fast.key_product(r1.data(), s1.data(), pointers(a).data(), count, key.data(), key_digits);
      plain.key_product(r2.data(), s2.data(), pointers(a).data(), count, key.data(), key_digits);
      EXPECT_EQ(r1, r2) << count;
      EXPECT_EQ(s1, s2) << count;
    }
  });
}

/// The sums of plaintext_product in the first `words` of both parts; what lies behind must stay.
struct PlaintextSums {
  AlignedWords r0, r1;

  PlaintextSums(const PrimeRing& ring, std::size_t words, const std::vector<AlignedWords>& a0,
                const std::vector<AlignedWords>& a1, const AlignedWords& b)
      : r0(random_words(ring.degree(), ring.value(), 11)), r1(random_words(ring.degree(), ring.value(), 12)) {
    ring.plaintext_product(words, r0.data(), r1.data(), pointers(a0).data(), pointers(a1).data(), b.data(), a0.size());
  }
};

TEST(Pointwise, PlaintextProduct) {
  for_each_ring(128, [](const PrimeRing& fast, const PrimeRing& plain) {
    const std::size_t n = fast.degree();
    for (const std::size_t count : {1, 2, 7, 8, 9, 33, 100}) {
      const auto a0 = random_arrays(count, n, fast.value(), 1), a1 = random_arrays(count, n, fast.value(), 2);
      const AlignedWords b = random_words(n * count, fast.value(), 3);
      for (const std::size_t words : {std::size_t{16}, std::size_t{48}, n}) {
        const PlaintextSums x(fast, words, a0, a1, b), y(plain, words, a0, a1, b);
        EXPECT_EQ(x.r0, y.r0) << count << " terms, " << words << " words";
        EXPECT_EQ(x.r1, y.r1) << count << " terms, " << words << " words";
      }
    }
  });
}

TEST(Pointwise, ScalarPlaintextProductIsPlainArithmetic) {
  constexpr std::size_t n = 64, count = 5, words = 32;
  for (const int bits : kBits) {
    const PrimeRing ring(n, ntt_primes(bits, n, 1)[0], Isa::scalar);
    const Word q = ring.value();
    const auto a0 = random_arrays(count, n, q, 1), a1 = random_arrays(count, n, q, 2);
    const AlignedWords b = random_words(n * count, q, 3);
    const AlignedWords before0 = random_words(n, q, 11), before1 = random_words(n, q, 12);
    const PlaintextSums x(ring, words, a0, a1, b);
    for (std::size_t i = 0; i < n; ++i) {
      u128 sum0 = i < words ? 0 : before0[i], sum1 = i < words ? 0 : before1[i];
      for (std::size_t j = 0; i < words && j < count; ++j) {
        const u128 plaintext = b[(i / 8 * count + j) * 8 + i % 8];
        sum0 += a0[j][i] * plaintext % q, sum1 += a1[j][i] * plaintext % q;
      }
      EXPECT_EQ(x.r0[i], static_cast<Word>(sum0 % q));
      EXPECT_EQ(x.r1[i], static_cast<Word>(sum1 % q));
    }
  }
}

TEST(Pointwise, LongestPlaintextProductOfTheLargestResidues) {
  for_each_ring(128, [](const PrimeRing& fast, const PrimeRing&) {
    constexpr std::size_t count = 4096, words = 16;
    const Word largest = fast.value() - 1;
    AlignedWords a(words), b(words * count), r0(words), r1(words);
    std::fill_n(a.data(), words, largest);
    std::fill_n(b.data(), words * count, largest);
    const std::vector<const Word*> same(count, a.data());
    fast.plaintext_product(words, r0.data(), r1.data(), same.data(), same.data(), b.data(), count);
    for (std::size_t i = 0; i < words; ++i) EXPECT_EQ(r0[i], fast.modulus().reduce(Word{count}));
    EXPECT_EQ(r0, r1);
  });
}

TEST(Pointwise, WeightedSum) {
  for_each_ring(256, [](const PrimeRing& fast, const PrimeRing& plain) {
    const std::size_t n = fast.degree();
    for (const std::size_t count : {1, 3, 4, 20, 64}) {
      const auto a = random_arrays(count, n, any_word_bound(fast), 1);
      const AlignedWords w = random_words(count, fast.value(), 2);
      AlignedWords r1(n), r2(n);
      fast.weighted_sum(r1.data(), pointers(a).data(), w.data(), count);
      plain.weighted_sum(r2.data(), pointers(a).data(), w.data(), count);
      EXPECT_EQ(r1, r2) << count;
    }
  });
}

TEST(Pointwise, Permute) {
  for_each_ring(1024, [](const PrimeRing& fast, const PrimeRing& plain) {
    const AlignedWords a = random_words(1024, fast.value(), 1);
    for (const std::uint64_t element : {std::uint64_t{3}, std::uint64_t{2047}, std::uint64_t{625}}) {
      const std::vector<std::uint32_t> index = ntt_automorphism(element, 1024);
      AlignedWords r1(1024), r2(1024);
      fast.permute(r1.data(), a.data(), index.data());
      plain.permute(r2.data(), a.data(), index.data());
      EXPECT_EQ(r1, r2) << element;
    }
  });
}

}  // namespace
}  // namespace obscura::ring
