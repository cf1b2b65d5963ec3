#pragma once

#include <gmpxx.h>

#include <string>

#include "audit/randomness/bits.h"

/// The first million binary digits of four constants, the integer part with them and the point left out: what NIST's
/// known answers are of. They are computed; constants_test.cpp compares their digests.
namespace obscura::randomness {

inline constexpr unsigned long kDigits = 1'000'000;

inline std::string first_digits(const mpz_class& value) {
  return value.get_str(2).substr(0, kDigits);
}

/// floor(sqrt(n) 2^(kDigits - 1)): n = 2 and 3 have one digit before the point.
inline std::string sqrt_digits(unsigned long n) {
  return first_digits(sqrt(mpz_class(n) << (2 * (kDigits - 1))));
}

/// p / q = the sum of a! / k! over a < k <= b.
inline void split_e(unsigned long a, unsigned long b, mpz_class& p, mpz_class& q) {
  if (b - a == 1) {
    p = 1, q = b;
    return;
  }
  mpz_class right_p, right_q;
  split_e(a, (a + b) / 2, p, q);
  split_e((a + b) / 2, b, right_p, right_q);
  p = p * right_q + right_p;
  q *= right_q;
}

inline std::string e_digits() {
  mpz_class p, q;
  split_e(0, 80'000, p, q);  // 80,000! has more than 1.17 million bits
  return first_digits(((p + q) << kDigits) / q);
}

/// The series of D. V. and G. V. Chudnovsky by binary splitting, terms a to b - 1.
inline void split_pi(unsigned long a, unsigned long b, mpz_class& p, mpz_class& q, mpz_class& t) {
  if (b - a == 1) {
    p = a == 0 ? mpz_class(1) : mpz_class(6 * a - 5) * (2 * a - 1) * (6 * a - 1);
    q = a == 0 ? mpz_class(1) : mpz_class(a) * a * a * 10939058860032000UL;  // 640320^3 / 24
    t = p * (13591409 + mpz_class(545140134) * a);
    if (a % 2 == 1) t = -t;
    return;
  }
  mpz_class right_p, right_q, right_t;
  split_pi(a, (a + b) / 2, p, q, t);
  split_pi((a + b) / 2, b, right_p, right_q, right_t);
  t = t * right_q + p * right_t;
  p *= right_p;
  q *= right_q;
}

inline std::string pi_digits() {
  constexpr unsigned long kMore = 64;
  mpz_class p, q, t;
  split_pi(0, kDigits / 47 + 10, p, q, t);  // a term has 47.1 bits
  return first_digits(q * 426880 * sqrt(mpz_class(10005) << (2 * (kDigits + kMore))) / t);
}

}  // namespace obscura::randomness
