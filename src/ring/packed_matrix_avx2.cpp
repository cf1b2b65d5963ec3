#include <algorithm>

#include "base/memory.h"
#include "ring/avx2.h"
#include "ring/packed_matrix_kernels.h"

/// Residues are cut into halves of 25 bits: a product with a weight of b bits is below 2^(25 + b), 2^(27 - b) of them
/// and a reduced sum are integers that one double holds exactly.
namespace obscura::ring::avx2 {
namespace {

constexpr int kHalf = 25;
constexpr std::size_t kColumns = PackedMatrix::kColumns;
constexpr std::size_t kRows = PackedMatrix::kRows;
constexpr std::size_t kTileRows = 4;  // two halves of four rows: eight sums hide the latency of the multiply-add

/// For every x_k: the low halves, then the high halves of all columns, as doubles.
AlignedWords halves(std::size_t ins, const Word* const* x) {
  AlignedWords panel(ins * 2 * kColumns);
  for (std::size_t k = 0; k < ins; ++k) {
    for (std::size_t j = 0; j < kColumns; j += kLanes) {
      const Ints word = load_ints(x[k] + j);
      Word* const to = panel.data() + 2 * kColumns * k + j;
      store(to, to_double(_mm256_and_si256(word, splat_ints((Word{1} << kHalf) - 1))));
      store(to + kColumns, to_double(_mm256_srli_epi64(word, kHalf)));
    }
  }
  return panel;
}

/// What is the same for all tiles of a matrix.
struct Setting {
  Prime p;
  Factor shift;  // 2^kHalf
  Vec offset;    // what the weights carry to be non-negative
  std::size_t ins, fold;
};

/// Sums of one column vector: four weights are turned into doubles at once, then spread.
template <int Row>
[[gnu::always_inline]] inline void add_product(Vec weights, Vec low, Vec high, Vec (&lo)[kTileRows],
                                               Vec (&hi)[kTileRows]) {
  const Vec w = _mm256_permute4x64_pd(weights, Row * 0x55);
  lo[Row] = _mm256_fmadd_pd(low, w, lo[Row]);
  hi[Row] = _mm256_fmadd_pd(high, w, hi[Row]);
}

/// Four rows by four columns. `x`: low halves of the columns, high halves kColumns behind; `w`: the first row's words.
void tile(const Setting& s, const Word* x, const Word* w, Word* const* r, std::size_t rows, std::size_t column) {
  Vec lo[kTileRows], hi[kTileRows];
  for (std::size_t o = 0; o < kTileRows; ++o) lo[o] = hi[o] = _mm256_setzero_pd();
  for (std::size_t k = 0; k < s.ins;) {
    for (const std::size_t end = std::min(s.ins, k + s.fold); k < end; ++k, x += 2 * kColumns, w += kRows) {
      const Vec low = load(x), high = load(x + kColumns), weights = avx2::sub(load_residues(w), s.offset);
      add_product<0>(weights, low, high, lo, hi);
      add_product<1>(weights, low, high, lo, hi);
      add_product<2>(weights, low, high, lo, hi);
      add_product<3>(weights, low, high, lo, hi);
    }
#pragma GCC unroll 4
    for (std::size_t o = 0; o < kTileRows; ++o) lo[o] = s.p.reduce(lo[o]), hi[o] = s.p.reduce(hi[o]);
  }
#pragma GCC unroll 4
  for (std::size_t o = 0; o < kTileRows; ++o) {
    if (o >= rows) return;
    store_ints(r[o] + column, s.p.finish(s.p.reduce(avx2::add(s.p.times(hi[o], s.shift), lo[o]))));
  }
}

}  // namespace

void multiply(const PackedMatrix& m, const Modulus& q, Word* const* r, const Word* const* x) {
  const AlignedWords panel = halves(m.ins(), x);
  const Setting s{Prime(q), factor(q, q.reduce(Word{1} << kHalf)), splat(static_cast<double>(Word{1} << m.bits())),
                  m.ins(), std::size_t{1} << (52 - kHalf - m.bits())};
  for (std::size_t row = 0; row < m.outs(); row += kTileRows) {
    const Word* const w = m.words() + row / kRows * kRows * m.ins() + row % kRows;
    const std::size_t rows = std::min(kTileRows, m.outs() - row);
    for (std::size_t j = 0; j < kColumns; j += kLanes) tile(s, panel.data() + j, w, r + row, rows, j);
  }
}

}  // namespace obscura::ring::avx2
