#pragma once

#include <cstdint>

namespace obscura::ring {

__extension__ using u128 = unsigned __int128;

/// Arithmetic modulo one odd number 3 <= q < 2^61 (a prime wherever inverse() is used). A regular value type;
/// every operand is expected reduced (< q) unless the function says otherwise.
class Modulus {
 public:
  /// Throws ParameterError outside the range above.
  explicit Modulus(std::uint64_t q);

  std::uint64_t value() const { return q_; }
  /// Number of bits of q: 2^(bits-1) <= q < 2^bits.
  int bits() const { return bits_; }
  /// floor(2^128 / q), high and low word (Barrett's constant).
  std::uint64_t barrett_hi() const { return barrett_hi_; }
  std::uint64_t barrett_lo() const { return barrett_lo_; }

  /// Any 64-bit x.
  std::uint64_t reduce(std::uint64_t x) const {
    const auto quotient = static_cast<std::uint64_t>((u128{x} * barrett_hi_) >> 64);
    const std::uint64_t r = x - quotient * q_;
    return r >= q_ ? r - q_ : r;
  }
  /// Any 128-bit x (Barrett with a two-word constant; the quotient is at most one short).
  std::uint64_t reduce(u128 x) const {
    const auto lo = static_cast<std::uint64_t>(x), hi = static_cast<std::uint64_t>(x >> 64);
    const u128 mid = u128{lo} * barrett_hi_ + ((u128{lo} * barrett_lo_) >> 64);
    const u128 mid2 = u128{hi} * barrett_lo_ + static_cast<std::uint64_t>(mid);
    const std::uint64_t quotient =
        hi * barrett_hi_ + static_cast<std::uint64_t>(mid >> 64) + static_cast<std::uint64_t>(mid2 >> 64);
    std::uint64_t r = lo - quotient * q_;
    while (r >= q_) r -= q_;
    return r;
  }
  /// Any signed x.
  std::uint64_t reduce_signed(std::int64_t x) const {
    return x >= 0 ? reduce(static_cast<std::uint64_t>(x))
                  : negate(reduce(std::uint64_t{0} - static_cast<std::uint64_t>(x)));
  }
  std::uint64_t add(std::uint64_t a, std::uint64_t b) const {
    const std::uint64_t s = a + b;
    return s >= q_ ? s - q_ : s;
  }
  std::uint64_t sub(std::uint64_t a, std::uint64_t b) const { return a >= b ? a - b : a + q_ - b; }
  std::uint64_t negate(std::uint64_t a) const { return a == 0 ? 0 : q_ - a; }
  std::uint64_t mul(std::uint64_t a, std::uint64_t b) const { return reduce(u128{a} * b); }
  std::uint64_t pow(std::uint64_t base, std::uint64_t exponent) const;
  /// a^-1; throws ParameterError where there is none.
  std::uint64_t inverse(std::uint64_t a) const;
  /// floor(w * 2^64 / q): Shoup's constant for many products with the same w < q.
  std::uint64_t shoup64(std::uint64_t w) const { return static_cast<std::uint64_t>((u128{w} << 64) / q_); }
  /// floor(w * 2^52 / q): the same for 52-bit multiply-add; needs q < 2^50.
  std::uint64_t shoup52(std::uint64_t w) const { return static_cast<std::uint64_t>((u128{w} << 52) / q_); }

  friend bool operator==(const Modulus& a, const Modulus& b) { return a.q_ == b.q_; }

 private:
  std::uint64_t q_;
  std::uint64_t barrett_hi_;
  std::uint64_t barrett_lo_;
  int bits_;
};

}  // namespace obscura::ring
