#include "audit/security/toy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "audit/security/integer_lattice.h"

namespace obscura::security {
namespace {

ring::Seed seed_of(int number) {
  ring::Seed seed{};
  seed[0] = static_cast<std::uint8_t>(number);
  seed[1] = static_cast<std::uint8_t>(number >> 8);
  return seed;
}

TEST(Toy, HasTheDegreeAndModulusOfThePaper) {
  const ToyRing ring;
  EXPECT_EQ(ToyRing::kDegree, 8U);
  EXPECT_NEAR(ring.log_q(), 600, 0.01);
}

TEST(Toy, MultipliesAsTheTransformOfItsRing) {
  const ToyRing ring;
  const auto a = ring.uniform(seed_of(1), 0), b = ring.uniform(seed_of(2), 0);
  const auto product = ring.multiply(a, b);
  for (std::size_t i = 0; i < ToyRing::kPrimes; ++i) {
    auto x = a[i], y = b[i];
    const auto& prime = ring.primes()[i];
    prime.forward(x.data());
    prime.forward(y.data());
    prime.mul(x.data(), x.data(), y.data());
    prime.inverse(x.data());
    EXPECT_EQ(x, product[i]);
  }
}

TEST(Toy, KnowsWhatShareOfTheModulusANumberIs) {
  const ToyRing ring;
  ToyRing::Residues half{};  // (q + 1) / 2 is the inverse of 2
  for (std::size_t i = 0; i < ToyRing::kPrimes; ++i) half[i][0] = (ring.primes()[i].value() + 1) / 2;
  EXPECT_NEAR(static_cast<double>(ring.share_of_q(half, 0)), 0.5, 1e-12);
  EXPECT_EQ(ring.small(half, 0, 1 << 20), std::nullopt);
  const auto third = ring.lift({-5, 20, 0, 1, -1, 0, 0, 0});
  EXPECT_NEAR(static_cast<double>(ring.share_of_q(third, 1)), 0, 1e-12);
  EXPECT_EQ(ring.small(third, 0, 5), -5);
  EXPECT_EQ(ring.small(third, 0, 4), std::nullopt);
}

TEST(Toy, AKeyFallsToItsPublicHalfEveryTime) {
  const ToyRing ring;
  for (int draw = 0; draw < 20; ++draw) {
    const auto keys = toy_keys(ring, seed_of(draw));
    ASSERT_TRUE(explains(ring, keys.open, keys.secret));
    const auto recovered = recover_secret(ring, keys.open);
    ASSERT_TRUE(recovered) << draw;
    EXPECT_EQ(*recovered, keys.secret) << draw;
    const ToyMessage message{draw, 255, 0, 1, 128, 77, -255, 9};
    EXPECT_EQ(toy_decrypt(ring, *recovered, toy_encrypt(ring, keys.open, message, seed_of(1000 + draw))), message);
    const auto own = toy_encrypt_by_owner(ring, keys.secret, message, seed_of(2000 + draw));
    EXPECT_EQ(toy_decrypt(ring, *recovered, own), message);
  }
}

TEST(Toy, NothingIsFoundWhereNothingIs) {
  const ToyRing ring;
  for (int draw = 0; draw < 20; ++draw) {
    const ToyPublicKey random{ring.uniform(seed_of(draw), 100), ring.uniform(seed_of(draw), 200)};
    EXPECT_EQ(recover_secret(ring, random), std::nullopt) << draw;
  }
}

TEST(Toy, AWrongSecretExplainsNothing) {
  const ToyRing ring;
  const auto keys = toy_keys(ring, seed_of(5));
  for (std::size_t k = 0; k < ToyRing::kDegree; ++k) {
    auto wrong = keys.secret;
    wrong[k] = static_cast<std::int8_t>(wrong[k] == 1 ? -1 : wrong[k] + 1);
    EXPECT_FALSE(explains(ring, keys.open, wrong));
    const ToyMessage message{1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_NE(toy_decrypt(ring, wrong, toy_encrypt(ring, keys.open, message, seed_of(6))), message);
  }
  EXPECT_FALSE(explains(ring, toy_keys(ring, seed_of(7)).open, keys.secret));
}

double square(const IntegerRow& row) {
  double sum = 0;
  for (const auto x : row) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum;
}

TEST(IntegerLattice, AReducedBasisIsShortAndOfTheSameLattice) {
  std::mt19937_64 random(1);
  for (int draw = 0; draw < 10; ++draw) {
    // q on the diagonal but for a first row of random numbers: of determinant q^11.
    constexpr std::size_t kSize = 12;
    const std::int64_t q = 1'000'003;
    std::vector<IntegerRow> basis(kSize, IntegerRow(kSize, 0));
    basis[0][0] = 1;
    for (std::size_t i = 1; i < kSize; ++i) {
      basis[0][i] = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(q));
      basis[i][i] = q;
    }
    const IntegerRow first = basis[0];
    ASSERT_TRUE(reduce_basis(basis));
    const double mean = std::pow(static_cast<double>(q), 11.0 / 12);  // of the vectors across each other
    double product = 1;
    for (const auto& row : basis) {
      // In the lattice: a multiple of the first row, but for multiples of q.
      for (std::size_t i = 1; i < kSize; ++i) {
        EXPECT_EQ(((row[0] % q) * first[i] - row[i]) % q, 0);
      }
      product *= std::sqrt(square(row)) / mean;
    }
    EXPECT_LT(std::sqrt(square(basis[0])), std::pow(1.04, kSize) * mean);
    EXPECT_LT(product, 40);     // nearly orthogonal
    EXPECT_GE(product, 0.999);  // Hadamard: a sublattice of the whole one has no less than its determinant
  }
}

TEST(IntegerLattice, DependentVectorsAreNoBasis) {
  std::vector<IntegerRow> basis{{1, 2, 3}, {2, 4, 6}, {0, 1, 0}};
  EXPECT_FALSE(reduce_basis(basis));
}

}  // namespace
}  // namespace obscura::security
