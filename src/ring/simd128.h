#pragma once

#include <wasm_simd128.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "ring/kernels.h"

/// What the *_wasm.cpp files share: two residues of a prime 2^13 < q < 2^50 as 64-bit words. Quotients come from
/// doubles, products from 64-bit multiplications of which only the low half matters: x w - h q lies in (-q, q), so its
/// low 64 bits say it all.
namespace obscura::ring::simd128 {

using Word = std::uint64_t;
using Vec = v128_t;

inline constexpr std::size_t kLanes = 2;

inline Vec load(const Word* p) {
  return wasm_v128_load(p);
}
inline void store(Word* p, Vec v) {
  wasm_v128_store(p, v);
}
inline Vec splat(Word w) {
  return wasm_i64x2_splat(static_cast<std::int64_t>(w));
}
inline Vec add(Vec a, Vec b) {
  return wasm_i64x2_add(a, b);
}
inline Vec sub(Vec a, Vec b) {
  return wasm_i64x2_sub(a, b);
}

/// 1.5 2^52: a signed number below 2^51 added to it, as an integer to its bits or as a double to it, is its mantissa.
inline constexpr double kMagic = 0x1.8p52;
inline Vec magic_bits() {
  return splat(std::bit_cast<Word>(kMagic));
}
/// |x| < 2^51 as doubles, exactly.
inline Vec to_double(Vec x) {
  return wasm_f64x2_sub(add(x, magic_bits()), wasm_f64x2_splat(kMagic));
}
/// 0 <= x < 2^52 as doubles, exactly.
inline Vec words_to_double(Vec x) {
  return wasm_f64x2_sub(wasm_v128_or(x, splat(Word{0x433} << 52)), wasm_f64x2_splat(0x1p52));
}
/// Doubles below 2^51 in magnitude to the nearest integers.
inline Vec rounded(Vec x) {
  return sub(wasm_f64x2_add(x, wasm_f64x2_splat(kMagic)), magic_bits());
}

/// A factor w, balanced to |w| <= q / 2, and w / q as a double.
struct Factor {
  Vec w, ratio;
};
inline std::int64_t balanced(const Modulus& q, Word w) {
  return w > q.value() / 2 ? -static_cast<std::int64_t>(q.value() - w) : static_cast<std::int64_t>(w);
}
inline double ratio(const Modulus& q, Word w) {
  return static_cast<double>(balanced(q, w)) / static_cast<double>(q.value());
}
inline Factor factor(const Modulus& q, Word w) {
  return {wasm_i64x2_splat(balanced(q, w)), wasm_f64x2_splat(ratio(q, w))};
}

class Prime {
 public:
  explicit Prime(const Modulus& m) : q_(splat(m.value())), inverse_(1.0 / static_cast<double>(m.value())) {}

  Vec q() const { return q_; }

  /// x w - h q in (-q, q), for |x| < 2^52 whose double is `x_double`. |x w / q| <= 2^51 is wrong by 2^-52 of itself at
  /// most (the ratio's rounding and the product's), which is 1/2, and rounding to an integer adds another.
  Vec times(Vec x, Vec x_double, Factor f) const {
    const Vec h = rounded(wasm_f64x2_mul(x_double, f.ratio));
    return sub(wasm_i64x2_mul(x, f.w), wasm_i64x2_mul(h, q_));
  }
  /// The same for |x| < 2^51, and for 0 <= x < 2^52.
  Vec times(Vec x, Factor f) const { return times(x, to_double(x), f); }
  Vec times_word(Vec x, Factor f) const { return times(x, words_to_double(x), f); }

  /// a b - h q in (-q, q), for 0 <= a, b < q: the quotient, below 2^50, is wrong by 3/8 at most before it is rounded.
  Vec product(Vec a, Vec b) const {
    const Vec quotient =
        wasm_f64x2_mul(wasm_f64x2_mul(words_to_double(a), words_to_double(b)), wasm_f64x2_splat(inverse_));
    return sub(wasm_i64x2_mul(a, b), wasm_i64x2_mul(rounded(quotient), q_));
  }

  /// (-q, q) to [0, q).
  Vec from_signed(Vec x) const { return add(x, wasm_v128_and(wasm_i64x2_lt(x, splat(0)), q_)); }
  /// [0, 2 q) to [0, q).
  Vec below_q(Vec x) const { return from_signed(sub(x, q_)); }

 private:
  Vec q_;
  double inverse_;
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

}  // namespace obscura::ring::simd128
