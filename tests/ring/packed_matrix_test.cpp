#include "ring/packed_matrix.h"

#include <algorithm>

#include "base/error.h"
#include "ring/kernel_testing.h"

namespace obscura::ring {
namespace {

using testing::for_each_ring;
using testing::kBits;
using testing::pointers;
using testing::random_arrays;
using testing::random_words;
using Word = std::uint64_t;

__extension__ using i128 = __int128;

constexpr std::size_t kColumns = PackedMatrix::kColumns;
constexpr std::size_t kDegree = 128;  // the least that vector kernels take

/// |w| < 2^bits, the first ones at the edges.
std::vector<std::int32_t> random_weights(std::size_t count, int bits, Word seed) {
  const Word range = (Word{1} << bits) - 1;
  const AlignedWords raw = random_words(count, 2 * range + 1, seed);
  std::vector<std::int32_t> weights;
  for (const Word w : raw.span()) {
    weights.push_back(static_cast<std::int32_t>(static_cast<std::int64_t>(w) - static_cast<std::int64_t>(range)));
  }
  return weights;
}

/// The rows of the product, in arrays with room behind the columns that must stay as it is.
std::vector<AlignedWords> product(const PackedMatrix& m, const PrimeRing& ring, const std::vector<const Word*>& x) {
  std::vector<AlignedWords> rows = random_arrays(m.outs(), 2 * kColumns, ring.value(), 77);
  std::vector<Word*> to;
  for (AlignedWords& row : rows) to.push_back(row.data());
  m.multiply(ring, to.data(), x.data());
  return rows;
}

void expect_same(const PrimeRing& fast, const PrimeRing& plain, const PackedMatrix& m,
                 const std::vector<const Word*>& x) {
  const auto a = product(m, fast, x), b = product(m, plain, x);
  for (std::size_t o = 0; o < m.outs(); ++o) ASSERT_EQ(a[o], b[o]) << m.outs() << " x " << m.ins() << ", row " << o;
}

TEST(PackedMatrix, ScalarProductIsPlainArithmetic) {
  for (const int prime_bits : kBits) {
    const PrimeRing ring(kDegree, ntt_primes(prime_bits, kDegree, 1)[0], Isa::scalar);
    const auto q = static_cast<i128>(ring.value());
    for (const int bits : {1, 12, 31}) {
      constexpr std::size_t outs = 11, ins = 49;
      const auto weights = random_weights(outs * ins, bits, 1);
      const auto x = random_arrays(ins, kColumns, ring.value(), 2);
      const auto rows = product(PackedMatrix(outs, ins, weights.data()), ring, pointers(x));
      for (std::size_t o = 0; o < outs; ++o) {
        for (std::size_t c = 0; c < kColumns; ++c) {
          i128 sum = 0;
          for (std::size_t k = 0; k < ins; ++k) sum += i128{weights[o * ins + k]} * static_cast<i128>(x[k][c]);
          ASSERT_EQ(rows[o][c], static_cast<Word>((sum % q + q) % q)) << bits << " bits, row " << o;
        }
      }
    }
  }
}

TEST(PackedMatrix, EveryShape) {
  for_each_ring(kDegree, [](const PrimeRing& fast, const PrimeRing& plain) {
    for (const std::size_t ins : {1, 49, 256, 2048}) {
      const auto inputs = random_arrays(ins, kColumns, fast.value(), 5);
      for (const int bits : {1, 11, 24, 25, 30}) {
        const auto weights = random_weights(64 * ins, bits, 6);
        for (const std::size_t outs : {1, 2, 3, 4, 5, 6, 7, 8, 9, 64}) {
          expect_same(fast, plain, PackedMatrix(outs, ins, weights.data()), pointers(inputs));
        }
      }
    }
  });
}

TEST(PackedMatrix, EveryWeightSize) {
  for_each_ring(kDegree, [](const PrimeRing& fast, const PrimeRing& plain) {
    const auto x = random_arrays(100, kColumns, fast.value(), 7);
    for (int bits = 1; bits <= 31; ++bits) {
      const auto weights = random_weights(13 * x.size(), bits, 8);
      expect_same(fast, plain, PackedMatrix(13, x.size(), weights.data()), pointers(x));
    }
  });
}

TEST(PackedMatrix, LongestSumsOfTheLargestNumbers) {
  for_each_ring(kDegree, [](const PrimeRing& fast, const PrimeRing& plain) {
    AlignedWords x(kColumns);
    std::fill_n(x.data(), kColumns, fast.value() - 1);
    const std::vector<const Word*> same(PackedMatrix::kMaxInputs, x.data());
    for (int bits = 1; bits <= 31; ++bits) {
      const auto largest = static_cast<std::int32_t>((Word{1} << bits) - 1);
      for (const std::int32_t w : {largest, -largest}) {
        const std::vector<std::int32_t> weights(9 * same.size(), w);
        const PackedMatrix m(9, same.size(), weights.data());
        expect_same(fast, plain, m, same);
        // 2048 w (q - 1) = -2048 w.
        const Word expected = fast.modulus().reduce_signed(-std::int64_t{w} * 2048);
        ASSERT_EQ(product(m, fast, same)[8][kColumns - 1], expected) << w;
      }
    }
  });
}

TEST(PackedMatrix, NothingButZeros) {
  for_each_ring(kDegree, [](const PrimeRing& fast, const PrimeRing&) {
    const auto x = random_arrays(3, kColumns, fast.value(), 9);
    const std::vector<std::int32_t> zeros(9 * 3, 0);
    for (const std::size_t ins : {0, 3}) {
      for (const AlignedWords& row : product(PackedMatrix(9, ins, zeros.data()), fast, pointers(x))) {
        EXPECT_TRUE(std::all_of(row.data(), row.data() + kColumns, [](Word w) { return w == 0; }));
      }
    }
    product(PackedMatrix(0, 3, nullptr), fast, pointers(x));
  });
}

TEST(PackedMatrix, TooManyInputs) {
  const std::vector<std::int32_t> weights(PackedMatrix::kMaxInputs + 1, 1);
  EXPECT_NO_THROW(PackedMatrix(1, PackedMatrix::kMaxInputs, weights.data()));
  EXPECT_THROW(PackedMatrix(1, PackedMatrix::kMaxInputs + 1, weights.data()), ParameterError);
}

}  // namespace
}  // namespace obscura::ring
