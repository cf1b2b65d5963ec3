#pragma once

#include <immintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "ring/kernels.h"

/// What the *_avx2.cpp files share: four residues of a prime 2^13 < q < 2^50 as doubles, which hold every integer up to
/// 2^53 exactly.
namespace obscura::ring::avx2 {

using Word = std::uint64_t;
using Ints = __m256i;
using Vec = __m256d;

inline constexpr std::size_t kLanes = 4;

inline Ints load_ints(const Word* p) {
  return _mm256_load_si256(reinterpret_cast<const Ints*>(p));
}
inline void store_ints(Word* p, Ints v) {
  _mm256_store_si256(reinterpret_cast<Ints*>(p), v);
}
/// Doubles kept in an array of words between the passes of a transform.
inline Vec load(const Word* p) {
  return _mm256_castsi256_pd(load_ints(p));
}
inline void store(Word* p, Vec v) {
  store_ints(p, _mm256_castpd_si256(v));
}
inline Ints splat_ints(Word w) {
  return _mm256_set1_epi64x(static_cast<long long>(w));
}
inline Vec splat(double x) {
  return _mm256_set1_pd(x);
}
inline Vec add(Vec a, Vec b) {
  return _mm256_add_pd(a, b);
}
inline Vec sub(Vec a, Vec b) {
  return _mm256_sub_pd(a, b);
}

/// Words below 2^52 as doubles: they become the mantissa of a number in [2^52, 2^53).
inline Vec to_double(Ints x) {
  const Ints bits = _mm256_or_si256(x, splat_ints(Word{0x433} << 52));
  return sub(_mm256_castsi256_pd(bits), splat(0x1p52));
}
inline Vec load_residues(const Word* p) {
  return to_double(load_ints(p));
}

/// A factor w, balanced to |w| <= q / 2, and w / q.
struct Factor {
  Vec w, ratio;
};
inline double balanced(const Modulus& q, Word w) {
  return w > q.value() / 2 ? -static_cast<double>(q.value() - w) : static_cast<double>(w);
}
inline Factor factor(const Modulus& q, Word w) {
  const double b = balanced(q, w);
  return {splat(b), splat(b / static_cast<double>(q.value()))};
}

class Prime {
 public:
  explicit Prime(const Modulus& m)
      : q_(splat(static_cast<double>(m.value()))), inverse_(splat(1.0 / static_cast<double>(m.value()))) {}

  Vec q() const { return q_; }

  /// x - q round(x / q) for |x| < 2^53: at most q / 2 and a rounding error.
  Vec reduce(Vec x) const { return _mm256_fnmadd_pd(round_product(x, inverse_), q_, x); }

  /// y w - q round(y w / q), exactly, for |y| <= 2^52: y w = h + l in two doubles, h - c q fits one. The quotient is
  /// wrong by |y| 2^-54 <= 1/4 at most, so the result is at most 3/4 q.
  Vec times(Vec y, Factor f) const { return product(y, f.w, round_product(y, f.ratio)); }

  /// a b - q round(a b / q), at most 3/4 q + 1, for 0 <= a, b < q.
  Vec times(Vec a, Vec b) const { return product(a, b, round_product(_mm256_mul_pd(a, b), inverse_)); }

  /// (-q, q) to words in [0, q).
  Ints finish(Vec x) const {
    const Vec negative = _mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_LT_OQ);
    const Vec positive = add(x, _mm256_and_pd(negative, q_));
    const Ints bits = _mm256_castpd_si256(add(positive, splat(0x1p52)));
    return _mm256_xor_si256(bits, splat_ints(Word{0x433} << 52));
  }

 private:
  // round(a b): 1.5 * 2^52 pushes the fraction out of the mantissa; |a b| < 2^51.
  static Vec round_product(Vec a, Vec b) {
    const Vec magic = splat(0x1.8p52);
    return sub(_mm256_fmadd_pd(a, b, magic), magic);
  }
  Vec product(Vec a, Vec b, Vec quotient) const {
    const Vec h = _mm256_mul_pd(a, b), l = _mm256_fmsub_pd(a, b, h);
    return add(_mm256_fnmadd_pd(quotient, q_, h), l);
  }

  Vec q_, inverse_;
};

void prepare(NttTables& t);
void forward(const NttTables& t, Word* x);
void inverse(const NttTables& t, Word* r, const Word* x);
void add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void sub(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void negate(const Modulus& q, std::size_t n, Word* r, const Word* a);
void mul(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void mul_add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b);
void mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w);
void sub_mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b, Word w);
void add_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w);
void plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                       const Word* const* a1, const Word* b, std::size_t count);
void key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                 const Word* key, std::size_t key_digits);
void reduce(const Modulus& q, std::size_t n, Word* r, const Word* a);
void reduce_centred(const Modulus& q, std::size_t n, Word* r, const Word* a, Word from);
void weighted_sum(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count);

}  // namespace obscura::ring::avx2
