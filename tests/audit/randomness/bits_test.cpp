#include "audit/randomness/bits.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <random>
#include <set>

#include "audit/randomness/residue_bits.h"
#include "base/error.h"

namespace obscura::randomness {
namespace {

std::string text_of(const BitSequence& bits) {
  std::string text;
  for (std::size_t i = 0; i < bits.size(); ++i) text += bits[i] ? '1' : '0';
  return text;
}

std::string random_text(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += random() % 2 == 0 ? '0' : '1';
  return text;
}

TEST(Bits, MostSignificantBitOfEachByteIsFirst) {
  const std::vector<std::uint8_t> bytes{0x96, 0x01, 0xff};
  EXPECT_EQ(text_of(BitSequence::from_bytes(bytes, 0, 24)), "100101100000000111111111");
  EXPECT_EQ(text_of(BitSequence::from_bytes(bytes, 3, 14)), "10110000000011");
  EXPECT_EQ(text_of(BitSequence::from_bytes(bytes, 4, 2)), "01");
  EXPECT_EQ(BitSequence::from_bytes(bytes, 24, 0).size(), 0U);
}

TEST(Bits, BytesThatAreNotThereAreRefused) {
  const std::vector<std::uint8_t> bytes(3);
  EXPECT_THROW(BitSequence::from_bytes(bytes, 0, 25), ParameterError);
  EXPECT_THROW(BitSequence::from_bytes(bytes, 25, 0), ParameterError);
  EXPECT_THROW(BitSequence::from_bytes(bytes, 1, SIZE_MAX), ParameterError);
  BitSequence few = BitSequence::from_text("0101");
  EXPECT_THROW(few.take(5), ParameterError);
}

TEST(Bits, WordsAndOnesAreThoseOfTheText) {
  const std::string text = random_text(333, 1);
  const auto bits = BitSequence::from_text(text);
  ASSERT_EQ(text_of(bits), text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint64_t expected = 0;
    for (std::size_t k = 0; k < 64; ++k) {
      expected = expected << 1 | (i + k < text.size() && text[i + k] == '1' ? 1 : 0);
    }
    ASSERT_EQ(bits.word_at(i), expected) << i;
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{100}}) {
      if (i + count > text.size()) continue;
      const auto part = text.substr(i, count);
      ASSERT_EQ(bits.ones(i, count), static_cast<std::size_t>(std::count(part.begin(), part.end(), '1')));
    }
  }
}

TEST(Bits, AppendAndTakeKeepTheOrder) {
  std::mt19937_64 random(2);
  std::string text, taken;
  BitSequence bits, all;
  for (int round = 0; round < 500; ++round) {
    const int count = static_cast<int>(random() % 65);
    const std::uint64_t value = random();  // what is above the low bits is not taken
    bits.append(value, count);
    for (int i = count - 1; i >= 0; --i) text += (value >> i & 1) != 0 ? '1' : '0';
    if (bits.size() > 200) taken += text_of(bits.take(random() % bits.size()));
  }
  EXPECT_EQ(taken + text_of(bits), text);
  EXPECT_EQ(bits, BitSequence::from_text(text.substr(taken.size())));  // nothing is left behind the last bit
}

/// Of all residues modulo q, those that give k bits give each value of k bits once.
TEST(ResidueBits, AreExactlyUniform) {
  for (std::uint64_t q = 1; q <= 300; ++q) {
    std::map<std::size_t, std::multiset<std::uint64_t>> values;
    double sum = 0;
    for (std::uint64_t r = 0; r < q; ++r) {
      BitSequence bits;
      append_residue(bits, r, q);
      sum += static_cast<double>(bits.size());
      values[bits.size()].insert(bits.size() == 0 ? 0 : bits.word_at(0) >> (64 - bits.size()));
    }
    for (const auto& [size, seen] : values) {
      ASSERT_EQ(seen.size(), std::size_t{1} << size) << q;
      ASSERT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size()) << q;
    }
    EXPECT_GT(sum / static_cast<double>(q), std::log2(static_cast<double>(q)) - 2) << q;
  }
}

TEST(ResidueBits, OfLargePrimesAndBadInput) {
  const std::uint64_t q = (std::uint64_t{1} << 50) - 27;
  BitSequence bits;
  append_residue(bits, 5, q);  // below 2^49
  EXPECT_EQ(bits.size(), 49U);
  append_residue(bits, q - 1, q);
  EXPECT_EQ(bits.size(), 49U);  // the last range, of one number, says nothing
  EXPECT_THROW(append_residue(bits, q, q), ParameterError);
  EXPECT_THROW(append_residue(bits, 0, 0), ParameterError);
  EXPECT_THROW(append_residue(bits, 0, std::uint64_t{1} << 63), ParameterError);
}

}  // namespace
}  // namespace obscura::randomness
