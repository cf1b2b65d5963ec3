#include <algorithm>
#include <bit>

#include "ring/ifma.h"
#include "ring/rns_kernels.h"

namespace obscura::ring {
namespace {

using namespace ifma;

constexpr std::size_t kBlockWords = 2048;  // what a block of columns may take of the first cache: 16 KiB
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

// The rows y_0 ... y_{k-1} and the overflow u of one block of columns, `width` apart.
void scale_block(const RnsSource* sources, std::size_t count, const Word* const* x, std::size_t at, std::size_t width,
                 Word* y) {
  Word* overflow = y + count * width;
  for (std::size_t i = 0; i < count; ++i) {
    const RnsSource& s = sources[i];
    const Vec q = splat(s.q), minus_q = minus(s.q), scale = splat(s.scale), shoup = splat(s.scale_shoup);
    for (std::size_t c = 0; c < width; c += 8) {
      const Vec v = mul_shoup(load(x[i] + at + c), scale, shoup, minus_q, q);
      store(y + i * width + c, v);
      const __m512d sum = i == 0 ? _mm512_set1_pd(0.5) : _mm512_loadu_pd(overflow + c);
      _mm512_storeu_pd(overflow + c, add_fraction(sum, v, s.inverse));
    }
  }
  for (std::size_t c = 0; c < width; c += 8) store(overflow + c, _mm512_cvttpd_epu64(_mm512_loadu_pd(overflow + c)));
}

// Constants that bring high 2^52 + low below p.
class Reducer {
 public:
  explicit Reducer(const RnsTarget& t)
      : fold_(splat(t.fold)),
        fold_shoup_(splat(t.fold_shoup)),
        one_shoup_(splat(t.one_shoup)),
        minus_p_(minus(t.p)),
        p_(splat(t.p)),
        twice_p_(splat(2 * t.p)) {}
  // high < 2^52 - 2^12 and any low: (low + high (2^52 mod p)) less both Shoup quotients is below 4p.
  Vec operator()(Vec low, Vec high) const {
    high = add(high, _mm512_srli_epi64(low, 52));
    low = low52(low);
    const Vec quotient = add(mul_hi(high, fold_shoup_), mul_hi(low, one_shoup_));
    const Vec sum = madd_lo(madd_lo(low, high, fold_), quotient, minus_p_);
    return below(below(low52(sum), twice_p_), p_);
  }

 private:
  Vec fold_, fold_shoup_, one_shoup_, minus_p_, p_, twice_p_;
};

// out_t = sum_i y_i w_ti mod p_t for `targets` primes at once and `vectors` vectors of columns at once.
template <int targets, int vectors>
inline void sum_block(const RnsTarget* t, std::size_t terms, const Word* y, std::size_t width, Word* const* out,
                      std::size_t at) {
  for (std::size_t c = 0; c < width; c += 8 * vectors) {
    Vec low[targets][vectors], high[targets][vectors];
    for (int j = 0; j < targets; ++j) {
      for (int v = 0; v < vectors; ++v) low[j][v] = high[j][v] = _mm512_setzero_si512();
    }
    for (std::size_t i = 0; i < terms; ++i) {
      Vec row[vectors];
      for (int v = 0; v < vectors; ++v) row[v] = load(y + i * width + c + 8 * static_cast<std::size_t>(v));
      for (int j = 0; j < targets; ++j) {
        const Vec w = splat(t[j].weights[i]);
        for (int v = 0; v < vectors; ++v) {
          low[j][v] = madd_lo(low[j][v], row[v], w);
          high[j][v] = madd_hi(high[j][v], row[v], w);
        }
      }
    }
    for (int j = 0; j < targets; ++j) {
      const Reducer reduce(t[j]);
      for (int v = 0; v < vectors; ++v) {
        store(out[j] + at + c + 8 * static_cast<std::size_t>(v), reduce(low[j][v], high[j][v]));
      }
    }
  }
}

}  // namespace

void convert_sum_ifma(const RnsSource* sources, std::size_t count, const Word* const* x, const RnsTarget* targets,
                      std::size_t target_count, Word* const* out, std::size_t n) {
  alignas(64) Word y[kBlockWords];
  const std::size_t width = std::min(n, std::bit_floor(kBlockWords / (count + 1)));
  for (std::size_t at = 0; at < n; at += width) {
    scale_block(sources, count, x, at, width, y);
    for (std::size_t j = 0; j < target_count; ++j) {
      if (width < 32) {
        sum_block<1, 1>(targets + j, count + 1, y, width, out + j, at);
      } else if (j + 1 < target_count) {
        sum_block<2, 4>(targets + j, count + 1, y, width, out + j, at);
        ++j;
      } else {
        sum_block<1, 4>(targets + j, count + 1, y, width, out + j, at);
      }
    }
  }
}

void convert_pair_ifma(const RnsPair& pair, const Word* const* x, const RnsTarget* targets, std::size_t target_count,
                       Word* const* out, std::size_t n) {
  alignas(64) Word words[kBlockWords];
  const std::size_t width = std::min(n, kBlockWords);
  const Vec q0 = splat(pair.q0), q1 = splat(pair.q1), half0 = splat(pair.half0), half1 = splat(pair.half1);
  const Vec lift = splat(pair.lift), inverse = splat(pair.inverse), shoup = splat(pair.inverse_shoup);
  const Vec minus_q1 = minus(pair.q1);
  for (std::size_t at = 0; at < n; at += width) {
    for (std::size_t c = 0; c < width; c += 8) {
      const Vec t0 = below(add(load(x[0] + at + c), half0), q0);
      const Vec t1 = below(add(load(x[1] + at + c), half1), q1);
      const Vec difference = sub(add(t1, lift), t0);
      const Vec v = mul_shoup(difference, inverse, shoup, minus_q1, q1);
      const Vec high = _mm512_slli_epi64(mul_hi(v, q0), 52);
      store(words + c, add(madd_lo(t0, v, q0), high));
    }
    for (std::size_t j = 0; j < target_count; ++j) {
      // S = word + minus_half < 2^(51+s), quotient = floor(floor(S / 2^s) ratio / 2^52): the remainder is below
      // p (1 + 2^s/p + S/2^(52+s)) < 2p where p > 2^(s+1).
      const RnsTarget& t = targets[j];
      const Vec ratio = splat(t.ratio), shift = splat(t.shift), offset = splat(t.minus_half);
      const Vec minus_p = minus(t.p), p = splat(t.p);
      for (std::size_t c = 0; c < width; c += 8) {
        const Vec sum = add(load(words + c), offset);
        const Vec quotient = mul_hi(_mm512_srlv_epi64(sum, shift), ratio);
        store(out[j] + at + c, below(low52(madd_lo(sum, quotient, minus_p)), p));
      }
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
