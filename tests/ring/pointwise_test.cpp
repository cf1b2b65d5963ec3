#include <algorithm>
#include <functional>
#include <numeric>

#include "ring/automorphism.h"
#include "ring/kernel_testing.h"

namespace obscura::ring {
namespace {

using testing::fast_isas;
using testing::pointers;
using testing::random_arrays;
using testing::random_words;
using Word = std::uint64_t;

constexpr int kBits[] = {20, 26, 33, 40, 45, 47, 48, 49, 50, 55, 60};

/// Runs `body` for every fast instruction set and prime size with the fast ring and its scalar twin.
void for_each_ring(std::size_t n, const std::function<void(const PrimeRing& fast, const PrimeRing& plain)>& body) {
  for (const Isa isa : fast_isas()) {
    for (const int bits : kBits) {
      SCOPED_TRACE(std::string(isa_name(isa)) + ", " + std::to_string(bits) + " bits");
      const Word q = ntt_primes(bits, n, 1)[0];
      body(PrimeRing(n, q, isa), PrimeRing(n, q, Isa::scalar));
    }
  }
}

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

TEST(Pointwise, InnerAndKeyProducts) {
  for_each_ring(256, [](const PrimeRing& fast, const PrimeRing& plain) {
    const std::size_t n = fast.degree();
    for (const std::size_t count : {1, 2, 7, 16, 33}) {
      const auto a = random_arrays(count, n, fast.value(), 1), b = random_arrays(count, n, fast.value(), 2);
      AlignedWords r1(n), r2(n), s1(n), s2(n);
      fast.inner_product(r1.data(), pointers(a).data(), pointers(b).data(), count);
      plain.inner_product(r2.data(), pointers(a).data(), pointers(b).data(), count);
      EXPECT_EQ(r1, r2) << count;
      const std::size_t key_digits = count + 2;
      const AlignedWords key = random_words(2 * n * key_digits, fast.value(), 3);
      fast.key_product(r1.data(), s1.data(), pointers(a).data(), count, key.data(), key_digits);
      plain.key_product(r2.data(), s2.data(), pointers(a).data(), count, key.data(), key_digits);
      EXPECT_EQ(r1, r2) << count;
      EXPECT_EQ(s1, s2) << count;
    }
  });
}

TEST(Pointwise, LongestInnerProductOfTheLargestResidues) {
  for_each_ring(128, [](const PrimeRing& fast, const PrimeRing& plain) {
    AlignedWords a(128), r1(128), r2(128);
    std::fill_n(a.data(), 128, fast.value() - 1);
    const std::vector<const Word*> same(4096, a.data());
    fast.inner_product(r1.data(), same.data(), same.data(), same.size());
    plain.inner_product(r2.data(), same.data(), same.data(), same.size());
    EXPECT_EQ(r1, r2);
    EXPECT_EQ(r1[0], fast.modulus().reduce(Word{4096}));
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

void expect_same_matrix(const PrimeRing& fast, const PrimeRing& plain, std::size_t outs, std::size_t ins, int bits) {
  const std::size_t n = fast.degree();
  const auto x = random_arrays(ins, n, fast.value(), 5);
  const Word range = (Word{1} << bits) - 1;
  const AlignedWords raw = random_words(outs * ins, 2 * range + 1, 6);
  std::vector<std::int32_t> weights;
  for (std::size_t i = 0; i < outs * ins; ++i) {
    weights.push_back(static_cast<std::int32_t>(static_cast<std::int64_t>(raw[i]) - static_cast<std::int64_t>(range)));
  }
  std::vector<AlignedWords> r1(outs, AlignedWords(n)), r2(outs, AlignedWords(n));
  std::vector<Word*> to1, to2;
  for (std::size_t o = 0; o < outs; ++o) to1.push_back(r1[o].data()), to2.push_back(r2[o].data());
  fast.matrix_product(to1.data(), outs, pointers(x).data(), ins, weights.data());
  plain.matrix_product(to2.data(), outs, pointers(x).data(), ins, weights.data());
  for (std::size_t o = 0; o < outs; ++o) ASSERT_EQ(r1[o], r2[o]) << outs << " x " << ins << ", row " << o;
}

TEST(Pointwise, MatrixProduct) {
  for_each_ring(128, [](const PrimeRing& fast, const PrimeRing& plain) {
    for (const int bits : {1, 10, 11, 12, 31}) {
      expect_same_matrix(fast, plain, 1, 1, bits);
      expect_same_matrix(fast, plain, 4, 49, bits);
      expect_same_matrix(fast, plain, 10, 64, bits);
      expect_same_matrix(fast, plain, 33, 17, bits);
    }
  });
}

TEST(Pointwise, LargestMatrixProduct) {
  for_each_ring(128, [](const PrimeRing& fast, const PrimeRing& plain) {
    AlignedWords x(128);
    std::fill_n(x.data(), 128, fast.value() - 1);
    const std::vector<const Word*> same(2048, x.data());
    for (const int bits : {10, 31}) {
      const std::vector<std::int32_t> weights(2048, static_cast<std::int32_t>((Word{1} << bits) - 1));
      AlignedWords r1(128), r2(128);
      Word *to1 = r1.data(), *to2 = r2.data();
      fast.matrix_product(&to1, 1, same.data(), same.size(), weights.data());
      plain.matrix_product(&to2, 1, same.data(), same.size(), weights.data());
      EXPECT_EQ(r1, r2);
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
