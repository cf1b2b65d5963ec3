#include "ring/modulus.h"

#include <bit>
#include <string>

#include "base/error.h"

namespace obscura::ring {

Modulus::Modulus(std::uint64_t q) : q_(q), bits_(std::bit_width(q)) {
  if (q < 3 || q % 2 == 0 || bits_ > 61) {
    throw ParameterError("modulus " + std::to_string(q) + " is not an odd number between 3 and 2^61");
  }
  // 2^128 / q = (2^128 - 1) / q for odd q > 1.
  const u128 ratio = ~u128{0} / q;
  barrett_hi_ = static_cast<std::uint64_t>(ratio >> 64);
  barrett_lo_ = static_cast<std::uint64_t>(ratio);
}

std::uint64_t Modulus::pow(std::uint64_t base, std::uint64_t exponent) const {
  std::uint64_t result = 1;
  for (base = reduce(base); exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = mul(result, base);
    base = mul(base, base);
  }
  return result;
}

std::uint64_t Modulus::inverse(std::uint64_t a) const {
  // Extended Euclid on signed 128-bit numbers.
  __extension__ using i128 = __int128;
  i128 r0 = q_, r1 = reduce(a), t0 = 0, t1 = 1;
  while (r1 != 0) {
    const i128 k = r0 / r1;
    const i128 r2 = r0 - k * r1, t2 = t0 - k * t1;
    r0 = r1, r1 = r2, t0 = t1, t1 = t2;
  }
  if (r0 != 1) {
    throw ParameterError(std::to_string(a) + " has no inverse modulo " + std::to_string(q_));
  }
  return static_cast<std::uint64_t>(t0 < 0 ? t0 + q_ : t0);
}

}  // namespace obscura::ring
