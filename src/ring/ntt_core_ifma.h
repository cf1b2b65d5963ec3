#pragma once

#include "ring/ifma.h"

/// The shared plan of the forward and the inverse transform.
///
/// A product with a twiddle factor is Montgomery's with R = 2^52: tables hold w' = w R mod q and w'' = w' q^-1 mod R;
/// with m = y w'' mod R, (y w' - m q) / R = hi(y w') - hi(m q) exactly, because the low halves agree. That is y w mod q
/// in (-q, q) for every y < 2^52: three multiply-adds, no masks, and half the width of Shoup's [0, 2q).
///
/// log2 N = (radix 2..16 passes, depth first) + 6: the last six stages work on 64 words in eight registers, three
/// stages across the registers, a transposition, three more, and back. Those three have a factor a lane, of which
/// tables hold w' alone: w'' is a fourth multiply-add away, and a transform at N = 2^16 reads 0.6 MB of tables in the
/// place of 1.
namespace obscura::ring::ifma {

/// Words of the twiddle table of one 64-word block: 7 pairs (w', w'') for three stages across registers, padding, then
/// 7 vectors of w' for three stages across transposed registers.
inline constexpr std::size_t kPairWords = 16, kBlockTable = kPairWords + 7 * kLanes;

/// Words before the first block's table: pairs for table entries below N / 64.
inline std::size_t front_words(std::size_t degree) {
  return degree / 64 * 2 + (-(degree / 32) & 7);
}

/// log2 of the radix of the next pass when `left` stages remain before the last six. Sixteen streams only where they
/// are 64 words apart: at a multiple of 4 KiB they would fall on the same eight ways of the first-level cache.
inline int pass_radix(int left) {
  return left <= 4 ? left : left == 5 ? 2 : 3;
}

/// Constants of one prime in registers.
struct Prime {
  Vec q, two_q, barrett, inverse;  ///< the last: q^-1 mod 2^52
  explicit Prime(const Modulus& m)
      : q(splat(m.value())),
        two_q(splat(2 * m.value())),
        barrett(splat(m.shoup52(1))),
        inverse(splat(inverse_52(m.value()))) {}

  /// Any x < 2^52 to [0, 2q): floor(x floor(2^52 / q) / 2^52) is at most one short.
  Vec reduce(Vec x) const { return sub(x, mul_lo(mul_hi(x, barrett), q)); }
};

struct Twiddle {
  Vec w, w_low;
  /// y w'' mod 2^52.
  Vec low(Vec y, const Prime&) const { return mul_lo(y, w_low); }
};

/// Without w''.
struct ShortTwiddle {
  Vec w;
  Vec low(Vec y, const Prime& p) const { return mul_lo(mul_lo(y, w), p.inverse); }
};

/// The pair of entry `i` of a table of pairs, in all lanes.
inline Twiddle splat_twiddle(const Word* pairs, std::size_t i) {
  return {splat(pairs[2 * i]), splat(pairs[2 * i + 1])};
}
inline ShortTwiddle load_twiddle(const Word* vectors, std::size_t i) {
  return {load(vectors + kLanes * i)};
}

/// Rows become columns.
[[gnu::always_inline]] inline void transpose(Vec (&v)[8]) {
  Vec a[8], b[8];
  unroll<4>([&](auto i) {
    a[2 * i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
    a[2 * i + 1] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
  });
  // Even 128-bit lanes, then odd ones, of rows two apart; then of rows four apart.
  unroll<4>([&](auto k) {
    constexpr int i = k / 2 * 4 + k % 2;
    b[i] = _mm512_shuffle_i64x2(a[i], a[i + 2], 0x88);
    b[i + 2] = _mm512_shuffle_i64x2(a[i], a[i + 2], 0xdd);
  });
  unroll<2>([&](auto i) {
    v[i] = _mm512_shuffle_i64x2(b[i], b[4 + i], 0x88);
    v[4 + i] = _mm512_shuffle_i64x2(b[i], b[4 + i], 0xdd);
    v[2 + i] = _mm512_shuffle_i64x2(b[2 + i], b[6 + i], 0x88);
    v[6 + i] = _mm512_shuffle_i64x2(b[2 + i], b[6 + i], 0xdd);
  });
}

}  // namespace obscura::ring::ifma
