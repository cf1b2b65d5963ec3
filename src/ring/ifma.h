#pragma once

// GCC 12's own header reads a variable before setting it, on purpose (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "ring/kernels.h"

/// What the *_ifma.cpp files share: eight residues of a prime below 2^50 in a register, 52-bit multiply-add.
namespace obscura::ring::ifma {

using Word = std::uint64_t;
using Vec = __m512i;

inline constexpr std::size_t kLanes = 8;

/// body(0), ..., body(Count - 1) with constant arguments: arrays indexed by them stay in registers, which compilers do
/// not promise for nested loops.
template <int Count, class Body>
[[gnu::always_inline]] inline void unroll(Body&& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    (body(std::integral_constant<int, I>{}), ...);
  }
  (std::make_integer_sequence<int, Count>{});
}

inline Vec load(const Word* p) {
  return _mm512_load_si512(p);
}
inline void store(Word* p, Vec v) {
  _mm512_store_si512(p, v);
}
inline Vec splat(Word w) {
  return _mm512_set1_epi64(static_cast<long long>(w));
}
inline Vec add(Vec a, Vec b) {
  return _mm512_add_epi64(a, b);
}
inline Vec sub(Vec a, Vec b) {
  return _mm512_sub_epi64(a, b);
}
/// acc + the low (high) 52 bits of the product of the low 52 bits of a and b.
inline Vec madd_lo(Vec acc, Vec a, Vec b) {
  return _mm512_madd52lo_epu64(acc, a, b);
}
inline Vec madd_hi(Vec acc, Vec a, Vec b) {
  return _mm512_madd52hi_epu64(acc, a, b);
}
inline Vec mul_lo(Vec a, Vec b) {
  return _mm512_madd52lo_epu64(_mm512_setzero_si512(), a, b);
}
inline Vec mul_hi(Vec a, Vec b) {
  return _mm512_madd52hi_epu64(_mm512_setzero_si512(), a, b);
}
/// x - bound if x >= bound, else x: the difference wraps around where it is negative.
inline Vec below(Vec x, Vec bound) {
  return _mm512_min_epu64(x, sub(x, bound));
}

/// q^-1 mod 2^52 by Newton's iteration (each step doubles the correct bits; q q = 1 mod 8).
inline Word inverse_52(Word q) {
  Word x = q;
  for (int i = 0; i < 5; ++i) x *= 2 - q * x;
  return x & ((Word{1} << 52) - 1);
}

// ntt_ifma.cpp, ntt_inverse_ifma.cpp
void prepare(NttTables& t);
void forward(const NttTables& t, Word* x);
void inverse(const NttTables& t, Word* r, const Word* x);

// pointwise_ifma.cpp, sums_ifma.cpp
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
void permute(std::size_t n, Word* r, const Word* a, const std::uint32_t* index);

}  // namespace obscura::ring::ifma
