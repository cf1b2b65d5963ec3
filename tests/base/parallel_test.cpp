#include "base/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "base/error.h"

namespace obscura {
namespace {

TEST(ThreadPool, DoesEveryPieceOnce) {
  for (const std::size_t threads : {1u, 2u, 5u}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 100u, 10000u}) {
      std::vector<std::atomic<int>> done(count);
      pool.parallel_for(count, [&](std::size_t i) { ++done[i]; });
      for (const auto& n : done) EXPECT_EQ(n, 1);
    }
  }
}

TEST(ThreadPool, TakesTheHardwareThreadsByDefault) {
  EXPECT_EQ(ThreadPool().threads(), std::max(1u, std::thread::hardware_concurrency()));
}

TEST(ThreadPool, OfOneRunsInPlaceAndInOrder) {
  ThreadPool pool(1);
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  pool.parallel_for(5, [&](std::size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

TEST(ThreadPool, PassesOnTheFirstErrorAndWorksOn) {
  ThreadPool pool(3);
  for (int round = 0; round < 50; ++round) {
    EXPECT_THROW(pool.parallel_for(100,
                                   [](std::size_t i) {
                                     if (i == 17) throw ParameterError("seventeen");
                                   }),
                 ParameterError);
    std::atomic<std::size_t> sum{0};
    pool.parallel_for(100, [&](std::size_t i) { sum += i; });
    EXPECT_EQ(sum, 4950u);
  }
}

TEST(ThreadPool, OfOnePassesOnErrors) {
  ThreadPool pool(1);
  int done = 0;
  const auto body = [&](std::size_t i) {
    if (i == 2) throw FormatError("two");
    ++done;
  };
  EXPECT_THROW(pool.parallel_for(5, body), FormatError);
  EXPECT_EQ(done, 2);
}

TEST(ThreadPool, PassesErrorsThroughNestedLoops) {
  ThreadPool pool(3);
  const auto inner = [](std::size_t i) {
    if (i == 3) throw IoError("three");
  };
  EXPECT_THROW(pool.parallel_for(6, [&](std::size_t) { pool.parallel_for(5, inner); }), IoError);
}

TEST(ThreadPool, NestsWithoutDeadlock) {
  ThreadPool pool(3), other(2);
  std::atomic<int> done{0};
  pool.parallel_for(8, [&](std::size_t) {
    pool.parallel_for(4, [&](std::size_t) { ++done; });
    other.parallel_for(4, [&](std::size_t) { ++done; });
  });
  EXPECT_EQ(done, 64);
}

TEST(ThreadPool, SurvivesManySmallLoops) {
  ThreadPool pool(4);
  std::atomic<std::size_t> sum{0};
  for (int round = 0; round < 5000; ++round) pool.parallel_for(4, [&](std::size_t i) { sum += i; });
  EXPECT_EQ(sum, 30000u);
}

/// Also from a thread of the pool: memory that is not there is told to whoever waits.
TEST(ThreadPool, PassesOnThatMemoryIsShort) {
  ThreadPool pool(4);
  EXPECT_THROW(pool.parallel_for(100,
                                 [](std::size_t i) {
                                   if (i > 50) throw std::bad_alloc();
                                 }),
               std::bad_alloc);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// In a child process, as the limit cannot be taken back from threads that were made under it.
TEST(ThreadPoolDeathTest, SaysHowManyThreadsTheSystemStarts) {
  EXPECT_EXIT(
      {
        rlimit limit{};
        limit.rlim_cur = limit.rlim_max = rlim_t{2} << 30;
        ::setrlimit(RLIMIT_AS, &limit);
        try {
          ThreadPool pool(5000);
        } catch (const IoError& e) {
          std::fprintf(stderr, "%s\n", e.what());
          std::exit(7);
        }
      },
      testing::ExitedWithCode(7), "starts only [0-9]+ of 5000 threads .*fewer with --threads");
}
#endif

}  // namespace
}  // namespace obscura
