#include "ring/modulus.h"

#include <gmpxx.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "ring/primes.h"

namespace obscura::ring {
namespace {

mpz_class big(u128 x) {
  const std::uint64_t words[2] = {static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(x >> 64)};
  mpz_class r;
  mpz_import(r.get_mpz_t(), 2, -1, 8, 0, 0, words);
  return r;
}

std::uint64_t remainder(const mpz_class& x, std::uint64_t q) {
  mpz_class r;
  mpz_mod(r.get_mpz_t(), x.get_mpz_t(), big(q).get_mpz_t());
  std::uint64_t word = 0;
  mpz_export(&word, nullptr, -1, 8, 0, 0, r.get_mpz_t());
  return word;
}

class ModulusTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  // Uniform words and the ends of the range, reduced.
  std::uint64_t residue() {
    const std::uint64_t q = GetParam();
    switch (random_() % 8) {
      case 0:
        return 0;
      case 1:
        return q - 1;
      case 2:
        return q / 2;
      default:
        return random_() % q;
    }
  }
  std::mt19937_64 random_{1};
};

TEST_P(ModulusTest, reduces_any_word) {
  const Modulus q(GetParam());
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t x = random_() >> (random_() % 64);
    if (i < 8) x = ~std::uint64_t{0} - static_cast<std::uint64_t>(i);
    if (i >= 8 && i < 16) x = q.value() * (static_cast<std::uint64_t>(i) - 8) - 1;
    ASSERT_EQ(q.reduce(x), x % q.value()) << x;
    const u128 wide = (u128{random_()} << 64 | random_()) >> (random_() % 128);
    ASSERT_EQ(q.reduce(wide), remainder(big(wide), q.value()));
    const auto s = static_cast<std::int64_t>(x);
    ASSERT_EQ(q.reduce_signed(s), remainder(s < 0 ? mpz_class(-big(std::uint64_t{0} - x)) : big(x), q.value())) << s;
  }
  EXPECT_EQ(q.reduce(~u128{0}), remainder(big(~u128{0}), q.value()));
}

TEST_P(ModulusTest, is_a_ring) {
  const Modulus q(GetParam());
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t a = residue(), b = residue();
    ASSERT_EQ(q.add(a, b), remainder(big(a) + big(b), q.value()));
    ASSERT_EQ(q.sub(a, b), remainder(big(a) - big(b), q.value()));
    ASSERT_EQ(q.mul(a, b), remainder(big(a) * big(b), q.value()));
    ASSERT_EQ(q.negate(a), remainder(-big(a), q.value()));
  }
}

TEST_P(ModulusTest, powers_agree_with_gmp) {
  const Modulus q(GetParam());
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t a = residue(), e = random_() >> (random_() % 64);
    mpz_class r;
    mpz_powm(r.get_mpz_t(), big(a).get_mpz_t(), big(e).get_mpz_t(), big(q.value()).get_mpz_t());
    ASSERT_EQ(q.pow(a, e), remainder(r, q.value())) << a << "^" << e;
  }
}

TEST_P(ModulusTest, inverts_what_it_can) {
  const Modulus q(GetParam());
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t a = residue();
    mpz_class gcd;
    mpz_gcd(gcd.get_mpz_t(), big(a).get_mpz_t(), big(q.value()).get_mpz_t());
    if (gcd == 1) {
      ASSERT_EQ(q.mul(a, q.inverse(a)), 1u) << a;
    } else {
      ASSERT_THROW((void)q.inverse(a), ParameterError) << a;
    }
  }
}

TEST_P(ModulusTest, shoup_constants_are_floors) {
  const Modulus q(GetParam());
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t w = residue();
    ASSERT_EQ(big(q.shoup64(w)), (big(w) << 64) / big(q.value()));
    if (q.bits() <= 50) {
      ASSERT_EQ(big(q.shoup52(w)), (big(w) << 52) / big(q.value()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ModulusTest,
                         testing::Values(3, 5, 15, 97, 65537, 1032193, (1ull << 31) - 1, (1ull << 31) + 11,
                                         ntt_primes(40, 8192, 1)[0], ntt_primes(49, 8192, 1)[0],
                                         ntt_primes(50, 8192, 1)[0], ntt_primes(60, 8192, 1)[0], (1ull << 60) - 1,
                                         (1ull << 60) + 1, (1ull << 61) - 1));

TEST(Modulus, knows_its_bits) {
  EXPECT_EQ(Modulus(3).bits(), 2);
  EXPECT_EQ(Modulus(5).bits(), 3);
  EXPECT_EQ(Modulus((1ull << 50) - 1).bits(), 50);
  EXPECT_EQ(Modulus((1ull << 50) + 1).bits(), 51);
}

TEST(Modulus, refuses_what_it_cannot_do) {
  for (const std::uint64_t q : {0ull, 1ull, 2ull, 4ull, (1ull << 61) + 1, ~0ull}) {
    EXPECT_THROW((void)Modulus(q), ParameterError) << q;
  }
}

}  // namespace
}  // namespace obscura::ring
