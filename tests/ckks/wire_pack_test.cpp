#include "ckks/wire_pack.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace obscura::ckks {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::uint64_t>;

/// One function a width, and one for all.
struct Way {
  decltype(&pack_words) pack;
  decltype(&unpack_words) unpack;
};
class WirePack : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(Ways, WirePack, ::testing::Values(Way{pack_words, unpack_words}, Way{pack_any, unpack_any}),
                         [](const auto& way) { return way.index == 0 ? "EachWidth" : "AnyWidth"; });

/// The specification: bit b of word i is bit i * width + b of the bytes.
Bytes pack_by_bits(const Words& words, int width) {
  const auto w = static_cast<std::size_t>(width);
  Bytes bytes(packed_bytes(words.size(), width));
  for (std::size_t i = 0; i < words.size() * w; ++i) {
    const std::uint64_t bit = words[i / w] >> (i % w) & 1;
    bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | bit << (i % 8));
  }
  return bytes;
}

TEST_P(WirePack, EveryWidthAndRestMatchesTheBits) {
  const auto [pack, unpack] = GetParam();
  std::mt19937_64 random(1);
  for (int width = 1; width <= kMaxWidth; ++width) {
    const std::uint64_t limit = std::uint64_t{1} << width;
    for (const std::size_t count : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 15u, 16u, 17u, 24u, 31u, 64u, 129u}) {
      Words words(count);
      for (auto& word : words) word = random() & (limit - 1);
      words[count / 2] = limit - 1;
      Bytes bytes(packed_bytes(count, width));
      ASSERT_TRUE(pack(words.data(), count, width, limit, bytes.data()));
      ASSERT_EQ(bytes, pack_by_bits(words, width)) << count << " words of " << width << " bits";
      Words again(count);
      ASSERT_TRUE(unpack(bytes.data(), count, width, limit, again.data()));
      ASSERT_EQ(again, words) << count << " words of " << width << " bits";
    }
  }
}

TEST_P(WirePack, WordsThatAreNotBelowTheLimitAreFoundAnywhere) {
  const auto [pack, unpack] = GetParam();
  constexpr std::size_t kCount = 19;
  for (const int width : {2, 7, 8, 26, 31, 57, 59, 60}) {
    const std::uint64_t limit = (std::uint64_t{1} << width) - 1;  // the largest word is one too many
    for (std::size_t at = 0; at < kCount; ++at) {
      Words words(kCount, limit - 1);
      Bytes bytes(packed_bytes(kCount, width));
      ASSERT_TRUE(pack(words.data(), kCount, width, limit, bytes.data()));
      ASSERT_TRUE(unpack(bytes.data(), kCount, width, limit, words.data()));
      for (const std::uint64_t large : {limit, limit + 1, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
        words[at] = large;
        EXPECT_FALSE(pack(words.data(), kCount, width, limit, bytes.data())) << width << ' ' << large;
      }
      words[at] = limit;
      const Bytes bad = pack_by_bits(words, width);
      EXPECT_FALSE(unpack(bad.data(), kCount, width, limit, words.data())) << width << " at " << at;
    }
  }
}

TEST_P(WirePack, FillingBitsMustBeZero) {
  const auto [pack, unpack] = GetParam();
  const Words words{1, 2, 3};
  Bytes bytes(packed_bytes(3, 7));  // 21 bits in 24
  ASSERT_TRUE(pack(words.data(), 3, 7, 128, bytes.data()));
  Words again(3);
  for (int bit = 5; bit < 8; ++bit) {
    Bytes altered = bytes;
    altered.back() = static_cast<std::uint8_t>(altered.back() | 1 << bit);
    EXPECT_FALSE(unpack(altered.data(), 3, 7, 128, again.data())) << bit;
  }
}

}  // namespace
}  // namespace obscura::ckks
