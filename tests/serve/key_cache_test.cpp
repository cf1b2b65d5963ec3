// Keys in memory: one expansion for all who wait for it, a budget that holds, and turns that do not empty it.
#include "serve/keys/key_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "base/error.h"
#include "serve/support.h"

namespace obscura::serve {
namespace {

KeyCache::Keys some_keys() {
  static const owner::Owner owner(
      compile::compile(testing::small_graph(), runtime::testing::Session::options_of(message::Mode::packed)).client);
  static const auto seeded = owner.evaluation_keys();
  return std::make_shared<const ckks::EvaluationKeys>(*owner.context(), seeded);
}

TEST(KeyCache, ExpandsOnceForAllWhoWait) {
  KeyCache cache(std::size_t{1} << 40);
  const auto keys = some_keys();
  std::atomic<int> expanded{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(cache.get({1, "a"},
                          [&] {
                            ++expanded;
                            std::this_thread::sleep_for(std::chrono::milliseconds(20));
                            return keys;
                          }),
                keys);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(expanded, 1);
  EXPECT_EQ(cache.bytes(), keys->memory_bytes());
  cache.forget({1, "a"});
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(KeyCache, KeepsNothingOfWhatFailed) {
  KeyCache cache(std::size_t{1} << 40);
  EXPECT_THROW(cache.get({1, "a"}, []() -> KeyCache::Keys { throw FormatError("damaged"); }), FormatError);
  EXPECT_EQ(cache.get({1, "a"}, some_keys)->key(), some_keys()->key());
}

TEST(KeyCache, WhoWaitsForWhatAnotherCalledOffBeginsAnew) {
  KeyCache cache(std::size_t{1} << 40);
  std::promise<void> begun;
  std::thread gone([&] {
    EXPECT_THROW(cache.get({1, "a"},
                           [&]() -> KeyCache::Keys {
                             begun.set_value();
                             std::this_thread::sleep_for(std::chrono::milliseconds(30));
                             throw CancelledError("gone");
                           }),
                 CancelledError);
  });
  begun.get_future().wait();
  EXPECT_NE(cache.get({1, "a"}, some_keys), nullptr);
  gone.join();
}

TEST(KeyCache, TurnsOfMoreThanThereIsRoomForStillFindMost) {
  constexpr int kClients = 20, kRoom = 18, kRounds = 50;
  const auto keys = some_keys();
  KeyCache cache(kRoom * keys->memory_bytes());
  int expanded = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int client = 0; client < kClients; ++client) {
      cache.get({client, "a"}, [&] {
        ++expanded;
        return keys;
      });
      ASSERT_LE(cache.bytes(), cache.budget());
    }
  }
  EXPECT_LT(expanded, kRounds * kClients / 3) << "the oldest first would be all of them";
}

TEST(KeyCache, UsesWithoutKeepingWhatIsLargerThanAll) {
  KeyCache cache(10);
  EXPECT_NE(cache.get({1, "a"}, some_keys), nullptr);
  EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace obscura::serve
