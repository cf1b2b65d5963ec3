#include "ring/primes.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "ring/modulus.h"

namespace obscura::ring {
namespace {

mpz_class big(std::uint64_t x) {
  mpz_class r;
  mpz_import(r.get_mpz_t(), 1, 1, sizeof x, 0, 0, &x);
  return r;
}

bool gmp_prime(std::uint64_t x) {
  return mpz_probab_prime_p(big(x).get_mpz_t(), 40) != 0;
}

TEST(IsPrime, agrees_with_a_sieve) {
  constexpr std::size_t kLimit = 100000;
  std::vector<bool> composite(kLimit, false);
  for (std::size_t n = 0; n < kLimit; ++n) {
    const bool prime = n >= 2 && !composite[n];
    ASSERT_EQ(is_prime(n), prime) << n;
    for (std::size_t m = 2 * n; prime && m < kLimit; m += n) composite[m] = true;
  }
}

TEST(IsPrime, known_answers) {
  // Carmichael numbers, strong pseudoprimes to the first 1 ... 9 bases (OEIS A014233), squares, the ends of 64 bits.
  for (const std::uint64_t n : {561ull, 41041ull, 825265ull, 2047ull, 1373653ull, 25326001ull, 3215031751ull,
                                2152302898747ull, 3474749660383ull, 341550071728321ull, 3825123056546413051ull,
                                4294967291ull * 4294967291ull, 18446744073709551615ull, 0ull, 1ull}) {
    EXPECT_FALSE(is_prime(n)) << n;
  }
  for (const std::uint64_t n : {2ull, 37ull, 41ull, 2305843009213693951ull, 18446744073709551557ull}) {
    EXPECT_TRUE(is_prime(n)) << n;
  }
}

TEST(IsPrime, agrees_with_gmp_near_powers_of_two) {
  for (int bits = 20; bits < 64; bits += 3) {
    for (std::uint64_t n = (std::uint64_t{1} << bits) - 300; n < (std::uint64_t{1} << bits) + 300; ++n) {
      ASSERT_EQ(is_prime(n), gmp_prime(n)) << n;
    }
  }
}

TEST(NttPrimes, are_all_the_largest_ones) {
  for (const int bits : {20, 24, 31, 40, 49, 50, 60}) {
    for (const std::size_t degree : {std::size_t{8}, std::size_t{1024}, std::size_t{8192}}) {
      std::vector<std::uint64_t> expected;
      for (std::uint64_t p = std::uint64_t{1} << bits; expected.size() < 5;) {
        p -= 2 * degree;
        if (gmp_prime(p + 1)) expected.push_back(p + 1);
      }
      EXPECT_EQ(ntt_primes(bits, degree, 5), expected) << bits << " bits, degree " << degree;
      const std::vector<std::uint64_t> rest{expected[1], expected[3], expected[4]};
      EXPECT_EQ(ntt_primes(bits, degree, 3, {expected[0], expected[2]}), rest);
    }
  }
}

TEST(NttPrimes, known_answers) {
  // Found by another program (Fermat's test in Python).
  EXPECT_EQ(ntt_primes(60, 8192, 3),
            (std::vector<std::uint64_t>{0xfffffffffffc001, 0xffffffffffe8001, 0xffffffffffd8001}));
  EXPECT_EQ(ntt_primes(20, 1 << 12, 1), (std::vector<std::uint64_t>{1032193}));
}

TEST(NttPrimes, refuses_what_is_not_there) {
  EXPECT_THROW(ntt_primes(20, 1 << 17, 5), ParameterError);
  EXPECT_THROW(ntt_primes(61, 1024, 1), ParameterError);
  EXPECT_THROW(ntt_primes(0, 1024, 1), ParameterError);
  EXPECT_THROW(ntt_primes(40, 1000, 1), ParameterError);
}

TEST(SmallestRoot, is_primitive_and_smallest) {
  for (const int bits : {20, 31, 50, 60}) {
    for (const std::size_t degree : {std::size_t{8}, std::size_t{64}, std::size_t{1024}}) {
      const std::uint64_t p = ntt_primes(bits, degree, 1)[0];
      const Modulus q(p);
      const std::uint64_t root = smallest_primitive_root(p, degree);
      ASSERT_EQ(q.pow(root, degree), p - 1);
      for (std::uint64_t e = 1; e < 2 * degree; e += 2) ASSERT_LE(root, q.pow(root, e)) << e;
    }
  }
}

TEST(SmallestRoot, known_answers) {
  EXPECT_EQ(smallest_primitive_root(17, 8), 3u);     // 3 generates the integers modulo 17
  EXPECT_EQ(smallest_primitive_root(257, 128), 3u);  // and modulo 257
  EXPECT_EQ(smallest_primitive_root(65537, 32768), 3u);
  EXPECT_EQ(smallest_primitive_root(97, 16), 19u);
  // By trying every odd power in Python.
  EXPECT_EQ(smallest_primitive_root(0xfffffffffffc001, 8192), 25959043411404u);
  EXPECT_EQ(smallest_primitive_root(1032193, 4096), 194u);
  EXPECT_EQ(smallest_primitive_root(1125899903827969u, 65536), 938640682u);
}

TEST(SmallestRoot, refuses_other_moduli) {
  EXPECT_THROW(smallest_primitive_root(97, 32), ParameterError);
  EXPECT_THROW(smallest_primitive_root(16 * 9 + 1, 8), ParameterError);  // 145 = 5 * 29
}

}  // namespace
}  // namespace obscura::ring
