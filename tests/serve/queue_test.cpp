// The queue: order, fair shares, a backlog that ends, and an end that loses nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>

#include "serve/in_process_queue.h"

namespace obscura::serve {
namespace {

using ::testing::ElementsAre;

/// One worker that is held until it is let go, and what was done in order.
class Held {
 public:
  explicit Held(InProcessQueue& queue) {
    std::promise<void> begun;
    auto running = begun.get_future();
    queue.submit({0,
                  1,
                  0,
                  {},
                  [this, &begun] {
                    begun.set_value();
                    gate_.get_future().wait();
                  },
                  [](const Failure&) {}});
    running.wait();
  }
  void go() { gate_.set_value(); }

 private:
  std::promise<void> gate_;
};

struct Order {
  Job job(std::int64_t tenant, const std::string& name, double seconds = 1, std::stop_token stop = {}) {
    return {tenant,
            seconds,
            0,
            std::move(stop),
            [this, name] { add(name); },
            [this, name](const Failure& failure) { add(name + " " + std::string(name_of(failure.code()))); }};
  }
  void add(const std::string& what) {
    const std::lock_guard lock(mutex);
    done.push_back(what);
  }
  std::mutex mutex;
  std::vector<std::string> done;
};

std::string refusal(InProcessQueue& queue, Job job) {
  try {
    queue.submit(std::move(job));
    return "taken";
  } catch (const Failure& failure) {
    EXPECT_TRUE(failure.retry_after_ms().has_value());
    return std::string(name_of(failure.code()));
  }
}

TEST(Queue, TakesTurnsBetweenTenantsAndKeepsEachOnesOrder) {
  InProcessQueue queue({1, 100, 1000});
  Order order;
  Held held(queue);
  for (const char* name : {"a1", "a2", "a3", "a4"}) queue.submit(order.job(1, name));
  queue.submit(order.job(2, "b1"));
  queue.submit(order.job(2, "b2"));
  held.go();
  queue.stop(10'000, [] {});
  EXPECT_THAT(order.done, ElementsAre("a1", "b1", "a2", "b2", "a3", "a4"));
}

TEST(Queue, SharesTimeNotRequests) {
  InProcessQueue queue({1, 100, 1000});
  Order order;
  Held held(queue);
  for (const char* name : {"a1", "a2"}) queue.submit(order.job(1, name, 4));
  for (const char* name : {"b1", "b2", "b3", "b4", "b5"}) queue.submit(order.job(2, name, 1));
  held.go();
  queue.stop(10'000, [] {});
  EXPECT_THAT(order.done, ElementsAre("a1", "b1", "b2", "b3", "b4", "a2", "b5"));
}

TEST(Queue, RefusesBeyondItsBacklogAndKeepsHalfOfItForOthers) {
  InProcessQueue queue({1, 4, 1000});
  Order order;
  Held held(queue);
  EXPECT_EQ(refusal(queue, order.job(1, "a1")), "taken");
  EXPECT_EQ(refusal(queue, order.job(2, "b1")), "taken");
  EXPECT_EQ(refusal(queue, order.job(1, "a2")), "taken");
  EXPECT_EQ(refusal(queue, order.job(1, "a3")), "overloaded") << "half is for others";
  EXPECT_EQ(refusal(queue, order.job(2, "b2")), "taken");
  EXPECT_EQ(refusal(queue, order.job(3, "c1")), "overloaded") << "all is full";
  held.go();
  queue.stop(10'000, [] {});
  EXPECT_EQ(order.done.size(), 4U);
}

TEST(Queue, RefusesWhatWouldWaitTooLong) {
  InProcessQueue queue({1, 100, 10});
  Order order;
  Held held(queue);
  EXPECT_EQ(refusal(queue, order.job(1, "long", 100)), "taken") << "nobody waits before it";
  EXPECT_EQ(refusal(queue, order.job(2, "short", 1)), "overloaded");
  held.go();
  queue.stop(10'000, [] {});
  EXPECT_THAT(order.done, ElementsAre("long"));
}

TEST(Queue, RefusesWhatWouldHoldTooMuchMemory) {
  InProcessQueue queue({1, 100, 1000, 100});
  Order order;
  Held held(queue);
  const auto of_bytes = [&](const char* name, std::size_t bytes) {
    auto job = order.job(1, name);
    job.bytes = bytes;
    return job;
  };
  EXPECT_EQ(refusal(queue, of_bytes("alone", 500)), "taken") << "nobody waits before it";
  EXPECT_EQ(refusal(queue, of_bytes("small", 1)), "overloaded");
  held.go();
  queue.stop(10'000, [] {});
  EXPECT_THAT(order.done, ElementsAre("alone"));
}

TEST(Queue, WhoHasGoneMakesRoom) {
  InProcessQueue queue({1, 2, 1000});
  Order order;
  Held held(queue);
  std::stop_source gone;
  queue.submit(order.job(1, "gone", 1, gone.get_token()));
  queue.submit(order.job(2, "b"));
  EXPECT_EQ(refusal(queue, order.job(3, "c")), "overloaded");
  gone.request_stop();
  EXPECT_EQ(refusal(queue, order.job(3, "c")), "taken");
  held.go();
  queue.stop(10'000, [] {});
  EXPECT_THAT(order.done, ElementsAre("gone cancelled", "b", "c"));
}

TEST(Queue, StopRefusesWhatTheGraceDoesNotReach) {
  InProcessQueue queue({1, 100, 1000});
  Order order;
  Held held(queue);
  queue.submit(order.job(1, "a"));
  std::atomic<bool> cancelled{false};
  queue.stop(10, [&] {
    cancelled = true;
    held.go();
  });
  EXPECT_TRUE(cancelled);
  EXPECT_THAT(order.done, ElementsAre("a shutting_down"));
  EXPECT_EQ(refusal(queue, order.job(1, "b")), "shutting_down");
}

}  // namespace
}  // namespace obscura::serve
