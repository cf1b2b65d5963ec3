#include "ring/packed_matrix_kernels.h"
#include "ring/pointwise_ifma.h"

/// Tiles of rows by 16 columns stay in registers over all inputs; a product is one multiply-add where residue and
/// weight fit 52 bits together and two otherwise.
namespace obscura::ring::ifma {
namespace {

constexpr std::size_t kRows = PackedMatrix::kRows;

/// Sums of one word: the low 52 bits are the whole product. Up to 2^11 of them stay below 2^63.
template <int Rows>
void one_word(const PackedMatrix& m, const Closer& c, const Vec (&excess)[2], Word* const* r, const Word* const* x,
              std::size_t row) {
  Vec sum[Rows][2];
  unroll<Rows>([&](auto o) { sum[o][0] = sum[o][1] = _mm512_setzero_si512(); });
  const Word* w = m.words() + row / kRows * kRows * m.ins() + row % kRows;
  for (std::size_t k = 0; k < m.ins(); ++k, w += kRows) {
    const Vec a = load(x[k]), b = load(x[k] + kLanes);
    unroll<Rows>([&](auto o) {
      const Vec weight = splat(w[o]);
      sum[o][0] = madd_lo(sum[o][0], a, weight);
      sum[o][1] = madd_lo(sum[o][1], b, weight);
    });
  }
  const Reducer& p = c.reducer();
  unroll<Rows>([&](auto o) {
    if (row + o >= m.outs()) return;
    unroll<2>([&](auto h) { store(r[row + o] + h * kLanes, p.difference(p.reduce(sum[o][h]), excess[h])); });
  });
}

template <int Rows>
void two_words(const PackedMatrix& m, const Closer& c, const Vec (&excess)[2], Word* const* r, const Word* const* x,
               std::size_t row) {
  Vec lo[Rows][2], hi[Rows][2];
  unroll<Rows>([&](auto o) { lo[o][0] = lo[o][1] = hi[o][0] = hi[o][1] = _mm512_setzero_si512(); });
  const Word* w = m.words() + row / kRows * kRows * m.ins() + row % kRows;
  for (std::size_t k = 0; k < m.ins(); ++k, w += kRows) {
    const Vec a = load(x[k]), b = load(x[k] + kLanes);
    unroll<Rows>([&](auto o) {
      const Vec weight = splat(w[o]);
      lo[o][0] = madd_lo(lo[o][0], a, weight);
      lo[o][1] = madd_lo(lo[o][1], b, weight);
      hi[o][0] = madd_hi(hi[o][0], a, weight);
      hi[o][1] = madd_hi(hi[o][1], b, weight);
    });
  }
  const Reducer& p = c.reducer();
  unroll<Rows>([&](auto o) {
    if (row + o >= m.outs()) return;
    unroll<2>(
        [&](auto h) { store(r[row + o] + h * kLanes, p.difference(c.close<false>(lo[o][h], hi[o][h]), excess[h])); });
  });
}

}  // namespace

void multiply(const PackedMatrix& m, const Modulus& q, Word* const* r, const Word* const* x) {
  const Closer c(q, u128{1} << 44);
  const Reducer& p = c.reducer();
  Vec total[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  for (std::size_t k = 0; k < m.ins(); ++k) {
    total[0] = add(total[0], load(x[k]));
    total[1] = add(total[1], load(x[k] + kLanes));
  }
  const Constant shift(q, q.reduce(Word{1} << m.bits()));
  Vec excess[2];
  unroll<2>([&](auto h) { excess[h] = p.from_2q(p.times(p.fold(total[h]), shift)); });
  // Weight plus offset has one bit more than the weight.
  const bool one = q.bits() + m.bits() + 1 <= 52;
  for (std::size_t row = 0; row < m.outs();) {
    if (one && row % kRows == 0 && m.outs() - row > kRows / 2) {
      one_word<kRows>(m, c, excess, r, x, row);
      row += kRows;
      continue;
    }
    if (one) {
      one_word<kRows / 2>(m, c, excess, r, x, row);
    } else {
      two_words<kRows / 2>(m, c, excess, r, x, row);
    }
    row += kRows / 2;
  }
}

}  // namespace obscura::ring::ifma
