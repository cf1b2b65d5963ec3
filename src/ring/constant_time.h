#pragma once

#include <cstdint>

#include "ring/modulus.h"

/// Arithmetic modulo q for operands that may be secret: no branch and no address depends on them. Comparisons are made
/// by the sign of a difference, which has room because q < 2^61: of `x < y ? a : b` compilers make a branch where they
/// hold one for cheaper. That none is left is watched by tests/constant_time. The same results as Modulus has.
namespace obscura::ring::constant_time {

/// The high word of a product. WebAssembly has no such instruction, and its compilers call a function for 128 bits that
/// takes four times as long as these products.
inline std::uint64_t mul_high(std::uint64_t a, std::uint64_t b) {
#if defined(__wasm__)
  const std::uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
  const std::uint64_t low = a0 * b0, left = a1 * b0 + (low >> 32), right = a0 * b1 + (left & 0xffffffff);
  return a1 * b1 + (left >> 32) + (right >> 32);
#else
  return static_cast<std::uint64_t>((u128{a} * b) >> 64);
#endif
}

/// x, or x - q where that is not negative, for x < 2^63.
inline std::uint64_t less_q(std::uint64_t x, std::uint64_t q) {
  const std::uint64_t difference = x - q;
  return difference + (q & (std::uint64_t{0} - (difference >> 63)));
}

inline std::uint64_t add(const Modulus& q, std::uint64_t a, std::uint64_t b) {
  return less_q(a + b, q.value());
}

inline std::uint64_t sub(const Modulus& q, std::uint64_t a, std::uint64_t b) {
  const std::uint64_t difference = a - b;
  return difference + (q.value() & (std::uint64_t{0} - (difference >> 63)));
}

/// Any x: Barrett's quotient is at most one short.
inline std::uint64_t reduce(const Modulus& q, std::uint64_t x) {
  return less_q(x - mul_high(x, q.barrett_hi()) * q.value(), q.value());
}

/// Any x. The quotient is floor(x c / 2^128), c = floor(2^128 / q): x / q - x c / 2^128 < x / 2^128 < 1, so it is at
/// most one short, too.
inline std::uint64_t reduce(const Modulus& q, u128 x) {
  const auto lo = static_cast<std::uint64_t>(x), hi = static_cast<std::uint64_t>(x >> 64);
  const u128 mid = u128{lo} * q.barrett_hi() + ((u128{lo} * q.barrett_lo()) >> 64);
  const u128 mid2 = u128{hi} * q.barrett_lo() + static_cast<std::uint64_t>(mid);
  const std::uint64_t quotient =
      hi * q.barrett_hi() + static_cast<std::uint64_t>(mid >> 64) + static_cast<std::uint64_t>(mid2 >> 64);
  return less_q(lo - quotient * q.value(), q.value());
}

inline std::uint64_t mul(const Modulus& q, std::uint64_t a, std::uint64_t b) {
  return reduce(q, u128{a} * b);
}

/// Any signed x: that of |x|, taken from q where x is negative.
inline std::uint64_t reduce_signed(const Modulus& q, std::int64_t x) {
  const auto sign = std::uint64_t{0} - (static_cast<std::uint64_t>(x) >> 63);
  const std::uint64_t r = reduce(q, (static_cast<std::uint64_t>(x) ^ sign) - sign);
  return less_q((r ^ sign) - sign + (q.value() & sign), q.value());
}

}  // namespace obscura::ring::constant_time
