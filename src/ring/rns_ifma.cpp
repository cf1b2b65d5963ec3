#include <algorithm>
#include <bit>

#include "ring/ifma.h"
#include "ring/rns_kernels.h"

namespace obscura::ring {
namespace {

using namespace ifma;

constexpr Word kLow52 = (Word{1} << 52) - 1;

inline Vec low52(Vec x) {
  return _mm512_and_si512(x, splat(kLow52));
}
// -q modulo 2^52
inline Vec minus(Word q) {
  return splat(kLow52 + 1 - q);
}

// x w mod q for any x < 2^52, with Shoup's quotient.
inline Vec mul_shoup(Vec x, Vec w, Vec shoup, Vec minus_q, Vec q) {
  const Vec quotient = mul_hi(x, shoup);
  const Vec product = mul_lo(x, w);
  return below(low52(madd_lo(product, quotient, minus_q)), q);
}

// sum += double(y) / q in the order of the scalar twin
inline __m512d add_fraction(__m512d sum, Vec y, double inverse) {
  return _mm512_add_pd(sum, _mm512_mul_pd(_mm512_cvtepu64_pd(y), _mm512_set1_pd(inverse)));
}

// Montgomery's reduction of S = high 2^52 + low to S 2^-52 mod p: with m = low p^-1 mod 2^52 the low words of S and m p
// are the same, so high - floor(m p / 2^52) remains, in (-p, high].
class Reducer {
 public:
  explicit Reducer(const RnsTarget& t) : inverse_(splat(t.inverse)), p_(splat(t.p)), twice_p_(splat(2 * t.p)) {}
  // high < p, or high < 4p where `wide`.
  template <bool wide>
  Vec reduce(Vec low, Vec high) const {
    high = add(high, _mm512_srli_epi64(low, 52));
    const Vec t = sub(high, mul_hi(mul_lo(low, inverse_), p_));
    const Vec positive = _mm512_min_epu64(t, add(t, p_));
    return wide ? below(below(positive, twice_p_), p_) : positive;
  }

 private:
  Vec inverse_, p_, twice_p_;
};

// out_t = sum_i y_i w_ti - u Q mod p_t in column c, `targets` primes and `vectors` vectors at once; u is row `terms`.
template <int targets, int vectors, bool wide>
inline void sum_at(std::size_t c, const RnsTarget* t, const Word* const* y, std::size_t terms, Word* const* out) {
  Vec low[targets][vectors], high[targets][vectors];
  unroll<vectors>([&](auto v) {
    const Vec u = load(y[terms] + c + 8 * v);
    unroll<targets>([&](auto j) {
      const Word* table = t[j].montgomery_overflow.data();
      low[j][v] = _mm512_permutex2var_epi64(_mm512_loadu_si512(table), u, _mm512_loadu_si512(table + 8));
      high[j][v] = _mm512_setzero_si512();
    });
  });
  for (std::size_t i = 0; i < terms; ++i) {
    Vec row[vectors];
    unroll<vectors>([&](auto v) { row[v] = load(y[i] + c + 8 * v); });
    unroll<targets>([&](auto j) {
      const Vec w = splat(t[j].montgomery_weights[i]);
      unroll<vectors>([&](auto v) {
        low[j][v] = madd_lo(low[j][v], row[v], w);
        high[j][v] = madd_hi(high[j][v], row[v], w);
      });
    });
  }
  unroll<targets>([&](auto j) {
    const Reducer reducer(t[j]);
    unroll<vectors>([&](auto v) { store(out[j] + c + 8 * v, reducer.template reduce<wide>(low[j][v], high[j][v])); });
  });
}

template <int targets, bool wide>
void sum_rows(const RnsTarget* t, const Word* const* y, std::size_t terms, Word* const* out, std::size_t n) {
  constexpr int vectors = targets == 4 ? 2 : 4;
  std::size_t c = 0;
  for (; c + 8 * vectors <= n; c += 8 * vectors) sum_at<targets, vectors, wide>(c, t, y, terms, out);
  for (; c < n; c += 8) sum_at<targets, 1, wide>(c, t, y, terms, out);
}

// Four targets at a time: rows come from afar.
template <bool wide>
void sum_targets(const RnsTarget* t, std::size_t count, const Word* const* y, std::size_t terms, Word* const* out,
                 std::size_t n) {
  std::size_t j = 0;
  for (; j + 4 <= count; j += 4) sum_rows<4, wide>(t + j, y, terms, out + j, n);
  for (; j + 2 <= count; j += 2) sum_rows<2, wide>(t + j, y, terms, out + j, n);
  if (j < count) sum_rows<1, wide>(t + j, y, terms, out + j, n);
}

}  // namespace

void scale_row_ifma(const RnsSource& s, bool first, bool last, Word* x, Word* overflow, std::size_t n) {
  const Vec q = splat(s.q), minus_q = minus(s.q), scale = splat(s.scale), shoup = splat(s.scale_shoup);
  for (std::size_t c = 0; c < n; c += 8) {
    const Vec v = mul_shoup(load(x + c), scale, shoup, minus_q, q);
    store(x + c, v);
    const __m512d before = first ? _mm512_set1_pd(0.5) : _mm512_loadu_pd(overflow + c);
    const __m512d sum = add_fraction(before, v, s.inverse);
    if (last) {
      store(overflow + c, _mm512_cvttpd_epu64(sum));
    } else {
      _mm512_storeu_pd(overflow + c, sum);
    }
  }
}

void sum_rows_ifma(const RnsSource* sources, std::size_t count, const Word* const* y, const RnsTarget* targets,
                   std::size_t target_count, Word* const* out, std::size_t n) {
  // The sum of products is below p (q_1 + ... + q_k + 1): its high word is below p if that fits 52 bits.
  Word bound = 1;
  for (std::size_t i = 0; i < count; ++i) bound += sources[i].q;
  if (bound <= kLow52) {
    sum_targets<false>(targets, target_count, y, count, out, n);
  } else {
    sum_targets<true>(targets, target_count, y, count, out, n);
  }
}

void pair_words_ifma(const RnsPair& pair, const Word* x0, const Word* x1, std::size_t n, Word* out) {
  const Vec q0 = splat(pair.q0), q1 = splat(pair.q1), half0 = splat(pair.half0), half1 = splat(pair.half1);
  const Vec lift = splat(pair.lift), inverse = splat(pair.inverse), shoup = splat(pair.inverse_shoup);
  const Vec minus_q1 = minus(pair.q1);
  for (std::size_t c = 0; c < n; c += 8) {
    const Vec t0 = below(add(load(x0 + c), half0), q0);
    const Vec t1 = below(add(load(x1 + c), half1), q1);
    const Vec difference = sub(add(t1, lift), t0);
    const Vec v = mul_shoup(difference, inverse, shoup, minus_q1, q1);
    const Vec high = _mm512_slli_epi64(mul_hi(v, q0), 52);
    store(out + c, add(madd_lo(t0, v, q0), high));
  }
}

void reduce_words_ifma(const Word* words, const RnsTarget* targets, std::size_t target_count, Word* const* out,
                       std::size_t n) {
  for (std::size_t j = 0; j < target_count; ++j) {
    // S = word + minus_half < 2^(51+s), quotient = floor(floor(S / 2^s) ratio / 2^52): the remainder is below
    // p (1 + 2^s/p + S/2^(52+s)) < 2p where p > 2^(s+1).
    const RnsTarget& t = targets[j];
    const Vec ratio = splat(t.ratio), shift = splat(t.shift), offset = splat(t.minus_half);
    const Vec minus_p = minus(t.p), p = splat(t.p);
    for (std::size_t c = 0; c < n; c += 8) {
      const Vec sum = add(load(words + c), offset);
      const Vec quotient = mul_hi(_mm512_srlv_epi64(sum, shift), ratio);
      store(out[j] + c, below(low52(madd_lo(sum, quotient, minus_p)), p));
    }
  }
}

void overflow_ifma(const Word* const* y, const double* inverse, std::size_t count, std::size_t n, Word* out) {
  for (std::size_t c = 0; c < n; c += 8) {
    __m512d sum = _mm512_set1_pd(0.5);
    for (std::size_t i = 0; i < count; ++i) sum = add_fraction(sum, load(y[i] + c), inverse[i]);
    store(out + c, _mm512_cvttpd_epu64(sum));
  }
}

}  // namespace obscura::ring
