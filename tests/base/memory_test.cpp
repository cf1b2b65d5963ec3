#include "base/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace obscura {
namespace {

bool aligned(const std::uint64_t* words) {
  return reinterpret_cast<std::uintptr_t>(words) % 64 == 0;
}

TEST(AlignedWords, AreAlignedAndRegular) {
  for (const std::size_t size : {1u, 7u, 8u, 9u, 8192u, 8193u, 1u << 17}) {
    AlignedWords a(size);
    EXPECT_TRUE(aligned(a.data()));
    EXPECT_EQ(a.size(), size);
    std::fill_n(a.data(), size, size);
    AlignedWords copy = a;
    EXPECT_NE(copy.data(), a.data());
    EXPECT_EQ(copy, a);
    copy[size - 1] = 0;
    EXPECT_FALSE(copy == a);
    const std::uint64_t* words = a.data();
    AlignedWords moved = std::move(a);
    EXPECT_EQ(moved.data(), words);
    copy = moved;
    EXPECT_EQ(copy, moved);
  }
}

TEST(AlignedWords, MayBeEmpty) {
  const AlignedWords none;
  const AlignedWords zero(0);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none, zero);
  AlignedWords copy = none;
  EXPECT_TRUE(copy.empty());
  copy = AlignedWords(3);
  EXPECT_EQ(copy.size(), 3u);
  EXPECT_TRUE(none.empty());
}

TEST(AlignedWords, OfTheSameSizeNeverShareMemory) {
  // Freed blocks are kept and lent again: each must have one owner at a time.
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int round = 0; round < 200; ++round) {
        AlignedWords words(20000 + static_cast<std::size_t>(round) % 3);
        std::fill_n(words.data(), words.size(), t);
        ASSERT_TRUE(std::all_of(words.data(), words.data() + words.size(), [t](auto w) { return w == t; }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

/// More than is kept: what is over goes back to the system and is lent again, to one owner at a time.
TEST(AlignedWords, OfLargePagesComeBackFromTheSystem) {
  constexpr std::size_t kWords = 60000, kBlocks = 1300;
  for (int round = 0; round < 2; ++round) {
    std::vector<AlignedWords> blocks;
    for (std::size_t i = 0; i < kBlocks; ++i) {
      blocks.emplace_back(kWords);
      blocks.back()[0] = blocks.back()[kWords - 1] = i;
    }
    for (std::size_t i = 0; i < kBlocks; ++i) {
      ASSERT_EQ(blocks[i][0], i);
      ASSERT_EQ(blocks[i][kWords - 1], i);
      ASSERT_TRUE(aligned(blocks[i].data()));
    }
    std::set<const std::uint64_t*> places;
    for (const auto& block : blocks) places.insert(block.data());
    ASSERT_EQ(places.size(), kBlocks);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(AlignedWords, StandInBlocksThatWereALittleLarger) {
  constexpr std::size_t kWords = 5000000;
  const std::uint64_t* block = nullptr;
  {
    AlignedWords words(kWords);
    block = words.data();
  }
  for (const std::size_t words : {kWords, kWords - kWords / 20, kWords - kWords / 4}) {
    AlignedWords again(words);
    EXPECT_EQ(again.data(), block);
    EXPECT_EQ(again.size(), words);
    const AlignedWords moved = std::move(again);
    EXPECT_EQ(moved.data(), block);
  }
  EXPECT_NE(AlignedWords(kWords / 2).data(), block);
  EXPECT_EQ(AlignedWords(kWords).data(), block);
}
#endif

TEST(LargePages, AreFilledWhereThatWastesLittle) {
  constexpr std::size_t kPage = (std::size_t{2} << 20) / sizeof(std::uint64_t);
  EXPECT_EQ(in_large_pages(0), 0u);
  EXPECT_EQ(in_large_pages(1000), 1000u);
  EXPECT_EQ(in_large_pages(kPage), kPage);
  EXPECT_EQ(in_large_pages(kPage + 1), kPage + kPage / 32);
  EXPECT_EQ(in_large_pages(40 * kPage + 1), 41 * kPage);
  for (std::size_t words = 1; words < 80 * kPage; words += kPage / 7) {
    const std::size_t rounded = in_large_pages(words);
    EXPECT_GE(rounded, words);
    EXPECT_LE(rounded, words + (words > 8 * kPage ? kPage : std::max(words / 32, kPage / 512)));
    EXPECT_EQ(in_large_pages(rounded), rounded);
    if (words > 8 * kPage) {
      EXPECT_EQ(rounded % kPage, 0u);
    }
  }
}

TEST(ScratchPool, GivesNoLargeBufferForASmallWish) {
  ScratchPool pool;
  const std::uint64_t* large = nullptr;
  {
    auto lease = pool.take(10000);
    large = lease.data();
  }
  auto small = pool.take(100);
  EXPECT_NE(small.data(), large);
  EXPECT_EQ(pool.take(9000).data(), large);
}

TEST(ScratchPool, LendsToManyThreads) {
  ScratchPool pool;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int round = 0; round < 500; ++round) {
        auto lease = pool.take(256);
        std::fill_n(lease.data(), 256, t);
        ASSERT_TRUE(std::all_of(lease.data(), lease.data() + 256, [t](auto w) { return w == t; }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(ScratchPool, LendsTheSameBufferAgain) {
  ScratchPool pool;
  const std::uint64_t* first = nullptr;
  {
    auto lease = pool.take(1000);
    EXPECT_TRUE(aligned(lease.data()));
    first = lease.data();
  }
  auto again = pool.take(1000);
  EXPECT_EQ(again.data(), first);
  auto other = pool.take(1000);
  EXPECT_NE(other.data(), first);
}

TEST(ScratchPool, TakesTheSmallestThatIsLargeEnough) {
  ScratchPool pool;
  const std::uint64_t* small = nullptr;
  {
    auto a = pool.take(3000);
    auto b = pool.take(1500);
    small = b.data();
  }
  EXPECT_EQ(pool.take(1000).data(), small);
}

TEST(ScratchPool, LeasesMoveAndComeBackOnce) {
  ScratchPool pool;
  const std::uint64_t* words = nullptr;
  {
    auto lease = pool.take(64);
    words = lease.data();
    auto moved = std::move(lease);
    EXPECT_EQ(moved.data(), words);
  }
  auto first = pool.take(64);
  auto second = pool.take(64);
  EXPECT_EQ(first.data(), words);
  EXPECT_NE(second.data(), words);
}

}  // namespace
}  // namespace obscura
