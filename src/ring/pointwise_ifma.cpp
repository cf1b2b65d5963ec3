#include "ring/pointwise_ifma.h"

namespace obscura::ring::ifma {
namespace {

/// Applies `f` to eight words at a time of up to three arrays.
template <class F, class... Inputs>
inline void each(std::size_t n, Word* r, F f, const Inputs*... in) {
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, f(load(in + i)...));
}

/// a b by Barrett: with b bits in q, V = a b and h = floor(V / 2^(b-2)), the quotient is
/// floor(h floor(2^(b+50) / q) / 2^52). Before rounding down it is short of V / q by less than 1/2 + 2^(b-50), so the
/// remainder is below 2q for primes below 2^49 and below 3q up to 2^50.
class Product {
 public:
  explicit Product(const Modulus& m)
      : reducer_(m),
        barrett_(splat(static_cast<Word>((u128{1} << (m.bits() + 50)) / m.value()))),
        shift_(_mm_cvtsi32_si128(52 - m.bits())) {}

  const Reducer& reducer() const { return reducer_; }

  // c + a b in [0, 4q) for c <= q.
  Vec lazy(Vec c, Vec a, Vec b) const {
    const Vec high = mul_hi(_mm512_sll_epi64(a, shift_), _mm512_slli_epi64(b, 2));
    return reducer_.remainder(madd_lo(c, a, b), mul_hi(high, barrett_));
  }

 private:
  Reducer reducer_;
  Vec barrett_;
  __m128i shift_;
};

}  // namespace

void add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Reducer p(q);
  each(
      n, r, [&](Vec x, Vec y) { return p.sum(x, y); }, a, b);
}

void sub(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Reducer p(q);
  each(
      n, r, [&](Vec x, Vec y) { return p.difference(x, y); }, a, b);
}

void negate(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  const Reducer p(q);
  each(
      n, r, [&](Vec x) { return p.from_2q(sub(p.q(), x)); }, a);
}

void mul(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Product p(q);
  const Vec zero = _mm512_setzero_si512();
  if (q.bits() < 50) {
    each(
        n, r, [&](Vec x, Vec y) { return p.reducer().from_2q(p.lazy(zero, x, y)); }, a, b);
  } else {
    each(
        n, r, [&](Vec x, Vec y) { return p.reducer().from_4q(p.lazy(zero, x, y)); }, a, b);
  }
}

void mul_add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  const Product p(q);
  each(
      n, r, [&](Vec c, Vec x, Vec y) { return p.reducer().from_4q(p.lazy(c, x, y)); }, r, a, b);
}

void mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Reducer p(q);
  const Constant c(q, w);
  each(
      n, r, [&](Vec x) { return p.from_2q(p.times(x, c)); }, a);
}

void sub_mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b, Word w) {
  const Reducer p(q);
  const Constant c(q, w);
  const Vec two_q = splat(2 * q.value());
  each(
      n, r, [&](Vec x, Vec y) { return p.from_2q(p.times(add(x, sub(two_q, p.fold(y))), c)); }, a, b);
}

void add_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Reducer p(q);
  const Vec c = splat(w);
  each(
      n, r, [&](Vec x) { return p.sum(x, c); }, a);
}

void reduce(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  const Reducer p(q);
  each(
      n, r, [&](Vec x) { return p.reduce(x); }, a);
}

void reduce_centred(const Modulus& q, std::size_t n, Word* r, const Word* a, Word from) {
  const Reducer p(q);
  const Vec half = splat(from / 2), minus_from = splat(q.negate(q.reduce(from)));
  each(
      n, r, [&](Vec x) { return p.reduce(_mm512_mask_add_epi64(x, _mm512_cmpgt_epu64_mask(x, half), x, minus_from)); },
      a);
}

void permute(std::size_t n, Word* r, const Word* a, const std::uint32_t* index) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec group = load(a + (index[i] & ~std::uint32_t{7}));
    // The permutation looks at the low three bits of an index only.
    const Vec lanes = _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(index + i)));
    store(r + i, _mm512_permutexvar_epi64(lanes, group));
  }
}

}  // namespace obscura::ring::ifma
