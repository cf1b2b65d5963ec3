#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace obscura {

/// A fixed set of worker threads for loops over independent pieces.
///
/// `threads` counts the caller: a pool of 1 starts no thread and runs everything in place. Thread-safe for one caller
/// at a time; a parallel_for called from inside a parallel_for of any pool runs in place, so nesting cannot deadlock.
class ThreadPool {
 public:
  /// threads = 0 takes the number of hardware threads. Throws IoError if the system does not start as many.
  explicit ThreadPool(std::size_t threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t threads() const;

  /// Calls body(i) for every i in [0, count), in any order, and returns when all are done. The first exception thrown
  /// by a body is rethrown here after the others have stopped.
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura
