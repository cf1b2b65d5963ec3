#include "ring/constant_time.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>
#include <vector>

namespace obscura::ring {
namespace {

constexpr std::array kModuli = {std::uint64_t{3}, std::uint64_t{97}, std::uint64_t{1125899904679937},  // 50 bits
                                (std::uint64_t{1} << 60) - 93, (std::uint64_t{1} << 61) - 1};

/// What is next to a place where an answer changes.
std::vector<std::uint64_t> edges(std::uint64_t q) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  return {0, 1, q / 2, q - 1, q, q + 1, 2 * q - 1, 2 * q, kMost / q * q - 1, kMost / q * q, kMost - 1, kMost};
}

TEST(ConstantTime, IsWhatModulusSays) {
  std::mt19937_64 random(7);
  for (const std::uint64_t value : kModuli) {
    const Modulus q(value);
    auto words = edges(value);
    for (int i = 0; i < 2000; ++i) words.push_back(random());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::uint64_t x = words[i], y = words[(7 * i + 3) % words.size()], a = x % value, b = y % value;
      EXPECT_EQ(constant_time::reduce(q, x), x % value);
      const u128 wide = u128{x} << 64 | y;
      EXPECT_EQ(constant_time::reduce(q, wide), static_cast<std::uint64_t>(wide % value));
      EXPECT_EQ(constant_time::add(q, a, b), q.add(a, b));
      EXPECT_EQ(constant_time::sub(q, a, b), q.sub(a, b));
      EXPECT_EQ(constant_time::sub(q, 0, a), q.negate(a));
      EXPECT_EQ(constant_time::mul(q, a, b), static_cast<std::uint64_t>(u128{a} * b % value));
      EXPECT_EQ(constant_time::reduce_signed(q, static_cast<std::int64_t>(x)),
                q.reduce_signed(static_cast<std::int64_t>(x)));
    }
  }
}

TEST(ConstantTime, TheLeastNumberHasNoOpposite) {
  const Modulus q(97);
  for (const std::int64_t multiple : {-97, 0, 97, -9700}) EXPECT_EQ(constant_time::reduce_signed(q, multiple), 0u);
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(constant_time::reduce_signed(q, kLeast), (97 - (std::uint64_t{1} << 63) % 97) % 97);
}

}  // namespace
}  // namespace obscura::ring
