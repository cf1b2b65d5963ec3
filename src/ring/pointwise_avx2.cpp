#include "ring/avx2.h"

namespace obscura::ring::avx2 {
namespace {

template <class F, class... Inputs>
inline void each(std::size_t n, Word* r, F f, const Inputs*... in) {
  for (std::size_t i = 0; i < n; i += kLanes) store_ints(r + i, f(load_ints(in + i)...));
}

/// Residues as words: below 2^51 the sign bit tells a negative difference.
struct Small {
  Ints q;
  explicit Small(const Modulus& m) : q(splat_ints(m.value())) {}
  Ints from_signed(Ints x) const {
    const Ints negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), x);
    return _mm256_add_epi64(x, _mm256_and_si256(negative, q));
  }
  Ints sum(Ints a, Ints b) const { return from_signed(_mm256_sub_epi64(_mm256_add_epi64(a, b), q)); }
  Ints difference(Ints a, Ints b) const { return from_signed(_mm256_sub_epi64(a, b)); }
};

/// Words below 2^63 in two parts: x = hi 2^32 + lo.
struct Wide {
  Prime p;
  Factor shift;
  explicit Wide(const Modulus& m) : p(m), shift(factor(m, m.reduce(Word{1} << 32))) {}
  Ints reduce(Ints x) const {
    const Vec hi = to_double(_mm256_srli_epi64(x, 32));
    const Vec lo = to_double(_mm256_and_si256(x, splat_ints(0xffffffff)));
    return p.finish(p.reduce(avx2::add(p.times(hi, shift), lo)));
  }
};

}  // namespace

void add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Small p(q);
  each(
      n, r, [&](Ints x, Ints y) { return p.sum(x, y); }, a, b);
}

void sub(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Small p(q);
  each(
      n, r, [&](Ints x, Ints y) { return p.difference(x, y); }, a, b);
}

void negate(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  const Small p(q);
  each(
      n, r, [&](Ints x) { return p.difference(_mm256_setzero_si256(), x); }, a);
}

void add_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Small p(q);
  const Ints c = splat_ints(w);
  each(
      n, r, [&](Ints x) { return p.sum(x, c); }, a);
}

void mul(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Prime p(q);
  each(
      n, r, [&](Ints x, Ints y) { return p.finish(p.times(to_double(x), to_double(y))); }, a, b);
}

void mul_add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Prime p(q);
  each(
      n, r,
      [&](Ints c, Ints x, Ints y) {
        return p.finish(p.reduce(avx2::add(to_double(c), p.times(to_double(x), to_double(y)))));
      },
      r, a, b);
}

void mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Prime p(q);
  const Factor f = factor(q, w);
  each(
      n, r, [&](Ints x) { return p.finish(p.times(to_double(x), f)); }, a);
}

void sub_mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b, Word w) {
  const Prime p(q);
  const Factor f = factor(q, w);
  each(
      n, r, [&](Ints x, Ints y) { return p.finish(p.times(avx2::sub(to_double(x), to_double(y)), f)); }, a, b);
}

void reduce(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  const Wide w(q);
  each(
      n, r, [&](Ints x) { return w.reduce(x); }, a);
}

void reduce_centred(const Modulus& q, std::size_t n, Word* r, const Word* a, Word from) {
  const Wide w(q);
  const Ints half = splat_ints(from / 2), minus_from = splat_ints(q.negate(q.reduce(from)));
  each(
      n, r,
      [&](Ints x) {
        const Ints above = _mm256_cmpgt_epi64(x, half);
        return w.reduce(_mm256_add_epi64(x, _mm256_and_si256(above, minus_from)));
      },
      a);
}

}  // namespace obscura::ring::avx2
