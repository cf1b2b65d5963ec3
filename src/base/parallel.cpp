#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"

namespace obscura {
namespace {

/// One loop; lives on its caller's stack. What is not atomic is guarded by the pool's mutex.
struct Loop {
  const std::function<void(std::size_t)>& body;
  std::size_t count;
  const std::stop_token& stop;
  std::atomic<std::size_t> next{0};
  std::size_t active = 1;  ///< threads in it, the caller's included
  std::exception_ptr failure = nullptr;
  std::condition_variable done = {};

  bool has_more() const { return next.load(std::memory_order_relaxed) < count; }
};

[[noreturn]] void throw_cancelled() {
  throw CancelledError("cancelled");
}

/// The pools whose loops this thread is in, by how many.
thread_local std::size_t depth = 0;

void run_in_place(std::size_t count, const std::function<void(std::size_t)>& body, const std::stop_token& stop) {
  for (std::size_t i = 0; i < count; ++i) {
    if (stop.stop_requested()) throw_cancelled();
    body(i);
  }
}

}  // namespace

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> workers;
  std::vector<Loop*> loops;          ///< that may have pieces left
  std::atomic<std::size_t> open{0};  ///< loops.size(), to look at without the mutex
  std::atomic<std::size_t> idle{0};
  bool stopping = false;

  /// The loop with the fewest threads of those that have pieces left. Under the mutex.
  Loop* neediest() const {
    Loop* best = nullptr;
    for (Loop* loop : loops) {
      if (loop->has_more() && (best == nullptr || loop->active < best->active)) best = loop;
    }
    return best;
  }

  /// Whether a worker of this loop should rather be in another.
  bool is_unfair(const Loop& loop) {
    if (open.load(std::memory_order_relaxed) < 2) return false;
    const std::lock_guard lock(mutex);
    const Loop* other = neediest();
    return other != nullptr && other->active + 1 < loop.active;
  }

  /// Piece by piece until none is left. A worker leaves early where others need it more; the caller does not.
  void drain(Loop& loop, bool is_worker) {
    ++depth;
    for (std::size_t i = loop.next.fetch_add(1); i < loop.count; i = loop.next.fetch_add(1)) {
      try {
        if (loop.stop.stop_requested()) throw_cancelled();
        loop.body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!loop.failure) loop.failure = std::current_exception();
        loop.next.store(loop.count);
      }
      if (is_worker && is_unfair(loop)) break;
    }
    --depth;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      Loop* loop = nullptr;
      ++idle;
      wake.wait(lock, [&] { return stopping || (loop = neediest()) != nullptr; });
      --idle;
      if (stopping) return;
      ++loop->active;
      lock.unlock();
      drain(*loop, true);
      lock.lock();
      // The caller may return, and the loop be gone, once the mutex is free.
      if (--loop->active == 0) loop->done.notify_one();
    }
  }

  void run(Loop& loop) {
    {
      const std::lock_guard lock(mutex);
      loops.push_back(&loop);
      open.store(loops.size());
    }
    if (loop.count == 2) {
      wake.notify_one();
    } else {
      wake.notify_all();
    }
    drain(loop, false);
    std::unique_lock lock(mutex);
    std::erase(loops, &loop);
    open.store(loops.size());
    --loop.active;
    loop.done.wait(lock, [&] { return loop.active == 0; });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (auto& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool(std::size_t threads) : state_(std::make_unique<State>()) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  try {
    for (std::size_t i = 1; i < threads; ++i) state_->workers.emplace_back([this] { state_->work(); });
  } catch (const std::system_error& e) {
    const std::size_t started = state_->workers.size() + 1;
    state_->stop();
    throw IoError("the system starts only " + std::to_string(started) + " of " + std::to_string(threads) +
                  " threads (" + e.code().message() + "): fewer with --threads");
  } catch (...) {
    state_->stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  state_->stop();
}

std::size_t ThreadPool::threads() const {
  return state_->workers.size() + 1;
}

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body,
                              const std::stop_token& stop) {
  const bool alone = state_->workers.empty() || count < 2 || (depth > 0 && state_->idle.load() == 0);
  if (alone) return run_in_place(count, body, stop);
  Loop loop{body, count, stop};
  state_->run(loop);
  if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace obscura
