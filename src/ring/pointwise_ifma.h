#pragma once

#include "ring/ifma.h"

/// Reductions that the element-wise and the summing kernels share.
namespace obscura::ring::ifma {

/// A constant w to multiply words below 2^52 by (Shoup): floor(w 2^52 / q) beside it.
struct Constant {
  Vec w, shoup;
  Constant(const Modulus& q, Word value) : w(splat(value)), shoup(splat(q.shoup52(value))) {}
};

/// One prime 2^13 < q < 2^50, ready for reductions.
class Reducer {
 public:
  explicit Reducer(const Modulus& m)
      : q_(splat(m.value())),
        two_q_(splat(2 * m.value())),
        minus_q_(splat((Word{1} << 52) - m.value())),
        mask_(splat((Word{1} << 52) - 1)),
        barrett_(splat(static_cast<Word>((u128{1} << 64) / m.value()))) {}

  Vec q() const { return q_; }

  /// [0, 2q) to [0, q), and [0, 4q) to [0, q).
  Vec from_2q(Vec x) const { return below(x, q_); }
  Vec from_4q(Vec x) const { return below(below(x, two_q_), q_); }
  /// (-q, q) to [0, q): the negative ones are huge as unsigned words.
  Vec from_signed(Vec x) const { return _mm512_min_epu64(x, add(x, q_)); }

  Vec sum(Vec a, Vec b) const { return from_2q(add(a, b)); }
  Vec difference(Vec a, Vec b) const { return from_signed(sub(a, b)); }

  /// Any x < 2^63 to [0, 2q): with x' = floor(x / 2^12) the quotient floor(x' floor(2^64 / q) / 2^52) is less than
  /// 1 + 2^-52 (x' + 2^64 / q) < 2 short, and the rest needs 52 bits only.
  Vec fold(Vec x) const {
    const Vec quotient = mul_hi(_mm512_srli_epi64(x, 12), barrett_);
    return and_mask(sub(x, mul_lo(quotient, q_)));
  }
  Vec reduce(Vec x) const { return from_2q(fold(x)); }

  /// x w for x < 2^52, in [0, 2q).
  Vec times(Vec x, const Constant& c) const { return and_mask(madd_lo(mul_lo(x, c.w), mul_hi(x, c.shoup), minus_q_)); }
  /// rest - quotient q where that is known to be in [0, 2^52), for rest modulo 2^52.
  Vec remainder(Vec rest, Vec quotient) const { return and_mask(madd_lo(rest, quotient, minus_q_)); }

 private:
  Vec and_mask(Vec x) const { return _mm512_and_si512(x, mask_); }

  Vec q_, two_q_, minus_q_, mask_, barrett_;
};

/// Closes a sum V = hi 2^52 + lo of 52-bit products by two Montgomery reductions: the first divides by 2^52, the
/// second multiplies by 2^104 / 2^52.
class Closer {
 public:
  /// `largest_hi` bounds the sum in hi; lo may use all 64 bits.
  Closer(const Modulus& m, u128 largest_hi) : reducer_(m), wide_(largest_hi + 4096 + m.value() >= Word{1} << 52) {
    const Word low_mask = (Word{1} << 52) - 1, inverse = inverse_52(m.value());
    const Word square = m.reduce(u128{1} << 104);
    q_inverse_ = splat(inverse);
    square_ = splat(square);
    square_low_ = splat((square * inverse) & low_mask);
  }

  const Reducer& reducer() const { return reducer_; }
  /// Whether hi may pass 2^52 - q and takes a reduction of its own.
  bool wide() const { return wide_; }

  template <bool Wide>
  Vec close(Vec lo, Vec hi) const {
    Vec high = add(hi, _mm512_srli_epi64(lo, 52));
    if constexpr (Wide) high = reducer_.fold(high);
    const Vec q = reducer_.q();
    const Vec folded = sub(add(high, q), mul_hi(mul_lo(lo, q_inverse_), q));
    return reducer_.from_signed(sub(mul_hi(folded, square_), mul_hi(mul_lo(folded, square_low_), q)));
  }

 private:
  Reducer reducer_;
  bool wide_;
  Vec q_inverse_, square_, square_low_;
};

/// The largest high half of a sum of `count` products of words up to a and b.
inline u128 largest_high(std::size_t count, u128 a, Word b) {
  return count * (((a * b) >> 52) + 1);
}

}  // namespace obscura::ring::ifma
