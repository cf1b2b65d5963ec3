#include "ring/rns_basis.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace obscura::ring {
namespace {

static_assert(std::is_trivially_copyable_v<RnsBasis> && std::is_trivially_copyable_v<RnsPrime>);
static_assert(RnsBasis(3, 2).prime(4) == RnsPrime{1, true}, "known when the program is compiled");

TEST(RnsBasis, KnowsWhatEveryRowStandsFor) {
  const RnsBasis basis(3, 2);
  EXPECT_EQ(basis.limbs(), 3u);
  EXPECT_EQ(basis.special(), 2u);
  ASSERT_EQ(basis.rows(), 5u);
  const RnsPrime expected[] = {{0, false}, {1, false}, {2, false}, {0, true}, {1, true}};
  for (std::size_t row = 0; row < basis.rows(); ++row) {
    EXPECT_EQ(basis.prime(row), expected[row]) << row;
    EXPECT_EQ(basis.is_special(row), row >= 3) << row;
    EXPECT_EQ(basis.row(basis.prime(row)), row);
    EXPECT_TRUE(basis.has(basis.prime(row)));
  }
  EXPECT_FALSE(basis.has({3, false}));
  EXPECT_FALSE(basis.has({2, true}));
}

TEST(RnsBasis, OneLongerServesAShorter) {
  // A row of the same prime stands elsewhere: what a key of a higher level is read by.
  const RnsBasis value(2, 2), key(5, 2);
  EXPECT_TRUE(key.covers(value));
  EXPECT_FALSE(value.covers(key));
  EXPECT_TRUE(key.covers(key));
  EXPECT_FALSE(key.covers({2, 3}));
  EXPECT_EQ(key.row(value.prime(1)), 1u);
  EXPECT_EQ(key.row(value.prime(2)), 5u);
}

TEST(RnsBasis, ALevelIsABasis) {
  const RnsBasis level = 4;
  EXPECT_EQ(level, RnsBasis(4, 0));
  EXPECT_EQ(level.rows(), 4u);
  EXPECT_FALSE(level.has({0, true}));
  EXPECT_NE(level, RnsBasis(4, 1));
  EXPECT_NE(level, RnsBasis(3));
  EXPECT_EQ(RnsBasis(), RnsBasis(0));
  EXPECT_EQ(RnsBasis().rows(), 0u);
}

}  // namespace
}  // namespace obscura::ring
