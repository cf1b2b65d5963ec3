#include "ring/automorphism.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/error.h"
#include "base/memory.h"
#include "ring/prime_ring.h"
#include "ring/primes.h"

namespace obscura::ring {
namespace {

std::size_t bit_reverse(std::size_t x, std::size_t degree) {
  std::size_t r = 0;
  for (std::size_t bit = 1; bit < degree; bit *= 2, x /= 2) r = 2 * r + x % 2;
  return r;
}

TEST(GaloisElement, is_a_power_of_three) {
  for (const std::size_t degree : {std::size_t{8}, std::size_t{64}, std::size_t{8192}}) {
    std::uint64_t power = 1;
    for (std::size_t steps = 0; steps < degree / 2; ++steps) {
      const auto s = static_cast<std::int64_t>(steps), period = static_cast<std::int64_t>(degree / 2);
      ASSERT_EQ(galois_element(s, degree), power);
      ASSERT_EQ(galois_element(s - period, degree), power);
      ASSERT_EQ(galois_element(s + 3 * period, degree), power);
      power = power * 3 % (2 * degree);
    }
    EXPECT_EQ(power, 1u) << "3 has order N/2";
  }
}

TEST(GaloisElement, known_answers) {
  EXPECT_EQ(galois_element(1, 8192), 3u);
  EXPECT_EQ(galois_element(-1, 8192), 10923u);  // 3 * 10923 = 2 * 16384 + 1
  EXPECT_EQ(galois_element(0, 8192), 1u);
  EXPECT_EQ(conjugation_element(8192), 16383u);
}

TEST(GaloisElement, inverses) {
  for (const std::size_t degree : {std::size_t{8}, std::size_t{1024}, std::size_t{1} << 17}) {
    const std::uint64_t step = degree > 1024 ? 1022 : 2;
    for (std::uint64_t g = 1; g < 2 * degree; g += step) {
      ASSERT_EQ(g * inverse_element(g, degree) % (2 * degree), 1u) << g;
    }
  }
}

TEST(GaloisElement, refuses_odd_arguments) {
  EXPECT_THROW(ntt_automorphism(2, 64), ParameterError);
  EXPECT_THROW(ntt_automorphism(129, 64), ParameterError);
  EXPECT_THROW(ntt_automorphism(3, 60), ParameterError);
  EXPECT_THROW(inverse_element(0, 64), ParameterError);
  EXPECT_THROW(galois_element(1, 0), ParameterError);
}

// The definition: index j holds the value at psi^(2 bitrev(j) + 1).
TEST(NttAutomorphism, follows_its_definition) {
  for (const std::size_t degree : {std::size_t{8}, std::size_t{16}, std::size_t{128}, std::size_t{4096}}) {
    for (const std::uint64_t g : {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{5}, galois_element(7, degree),
                                  galois_element(-1, degree), conjugation_element(degree)}) {
      const auto index = ntt_automorphism(g, degree);
      ASSERT_EQ(index.size(), degree);
      for (std::size_t j = 0; j < degree; ++j) {
        const std::size_t exponent = g * (2 * bit_reverse(j, degree) + 1) % (2 * degree);
        ASSERT_EQ(index[j], bit_reverse(exponent / 2, degree)) << "degree " << degree << " g " << g << " j " << j;
      }
    }
  }
}

TEST(NttAutomorphism, maps_groups_of_eight_to_groups_of_eight) {
  for (std::size_t degree = 8; degree <= (std::size_t{1} << 17); degree *= 4) {
    for (const std::int64_t steps : {0, 1, -1, 5, 1000}) {
      const auto index = ntt_automorphism(galois_element(steps, degree), degree);
      std::vector<bool> seen(degree, false);
      for (std::size_t j = 0; j < degree; ++j) {
        ASSERT_EQ(index[j] / 8, index[j / 8 * 8] / 8);
        seen[index[j]] = true;
      }
      ASSERT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<std::ptrdiff_t>(degree));
    }
  }
}

// X -> X^g on coefficients: coefficient i goes to i g mod 2N, negated in the upper half.
void automorphism(const PrimeRing& ring, std::uint64_t g, const AlignedWords& a, AlignedWords& r) {
  const std::size_t n = ring.degree();
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t to = i * g % (2 * n);
    r[to % n] = to < n ? a[i] : ring.modulus().negate(a[i]);
  }
}

TEST(NttAutomorphism, equals_the_one_on_coefficients) {
  std::mt19937_64 random(2);
  for (const int bits : {30, 49, 60}) {
    for (const std::size_t degree : {std::size_t{8}, std::size_t{64}, std::size_t{2048}}) {
      const PrimeRing ring(degree, ntt_primes(bits, degree, 1)[0]);
      AlignedWords a(degree), expected(degree), moved(degree);
      for (std::size_t i = 0; i < degree; ++i) a[i] = random() % ring.value();
      for (const std::uint64_t g :
           {galois_element(1, degree), galois_element(-3, degree), conjugation_element(degree)}) {
        automorphism(ring, g, a, expected);
        AlignedWords ntt = a;
        ring.forward(ntt.data());
        ring.permute(moved.data(), ntt.data(), ntt_automorphism(g, degree).data());
        ring.inverse(moved.data());
        ASSERT_EQ(moved, expected) << bits << " bits, degree " << degree << ", g " << g;
      }
    }
  }
}

}  // namespace
}  // namespace obscura::ring
