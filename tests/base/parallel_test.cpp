#include "base/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
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

TEST(ThreadPool, TakesManyCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::vector<std::size_t> sums(8, 0);
  for (std::size_t c = 0; c < sums.size(); ++c) {
    callers.emplace_back([&pool, &sum = sums[c], c] {
      for (int round = 0; round < 300; ++round) {
        std::vector<std::size_t> squares(50 + c);
        pool.parallel_for(squares.size(), [&](std::size_t i) {
          std::atomic<std::size_t> inner{0};
          if (i % 10 == 0) pool.parallel_for(5, [&](std::size_t k) { inner += k; });
          squares[i] = i * i + inner;
        });
        for (const std::size_t s : squares) sum += s;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  for (std::size_t c = 0; c < sums.size(); ++c) {
    std::size_t once = 0;
    for (std::size_t i = 0; i < 50 + c; ++i) once += i * i + (i % 10 == 0 ? 10 : 0);
    EXPECT_EQ(sums[c], 300 * once) << c;
  }
}

TEST(ThreadPool, TellsEachCallerItsOwnError) {
  ThreadPool pool(4);
  std::vector<std::thread> callers;
  std::atomic<int> good{0};
  for (int c = 0; c < 6; ++c) {
    callers.emplace_back([&pool, &good, c] {
      for (int round = 0; round < 100; ++round) {
        try {
          pool.parallel_for(20, [c](std::size_t i) {
            if (c % 2 == 0 && i == 7) throw ParameterError("caller " + std::to_string(c));
          });
          good += c % 2 == 1 ? 1 : 0;
        } catch (const ParameterError& e) {
          good += c % 2 == 0 && e.what() == "caller " + std::to_string(c) ? 1 : 0;
        }
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(good, 600);
}

/// A second loop gets workers although the first has pieces for all of them: neither waits for the other to end.
TEST(ThreadPool, SharesItsWorkersOut) {
  ThreadPool pool(4);
  std::atomic<bool> second_done{false};
  std::atomic<int> first_pieces{0}, together{0}, most{0};
  std::thread first([&] {
    pool.parallel_for(100000, [&](std::size_t) {
      if (second_done) return;
      ++first_pieces;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
  });
  while (first_pieces < 8) std::this_thread::yield();
  pool.parallel_for(100, [&](std::size_t) {
    const int now = ++together;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --together;
  });
  second_done = true;
  first.join();
  EXPECT_GE(most, 2);
}

TEST(ThreadPool, NestedLoopsUseIdleWorkers) {
  ThreadPool pool(4);
  std::atomic<int> together{0}, most{0};
  // One long piece and one short one: three threads are idle when the long one comes to its own loop.
  pool.parallel_for(2, [&](std::size_t i) {
    if (i == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    pool.parallel_for(40, [&](std::size_t) {
      const int now = ++together;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      --together;
    });
  });
  EXPECT_GE(most, 2);
}

TEST(ThreadPool, StopsWhenAsked) {
  for (const std::size_t threads : {1u, 3u}) {
    ThreadPool pool(threads);
    std::stop_source source;
    std::atomic<int> begun{0};
    EXPECT_THROW(pool.parallel_for(
                     1000,
                     [&](std::size_t) {
                       if (++begun == 10) source.request_stop();
                     },
                     source.get_token()),
                 CancelledError);
    EXPECT_LT(begun, 20);
    pool.parallel_for(10, [&](std::size_t) { ++begun; });
  }
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
