#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>

namespace obscura {

/// A fixed set of worker threads for loops over independent pieces of work.
///
/// Any number of threads may have loops running on one pool at the same time; each works on its own loop, and the
/// workers are shared out evenly among all loops that still have pieces to give, piece by piece. A loop inside a piece
/// of another is such a loop too where a worker is idle, and is done in place where none is. A thread that waits for
/// its loop to end runs nothing else meanwhile, so nothing can wait in a circle.
class ThreadPool {
 public:
  /// `threads` - 1 workers, for the caller of a loop is one as well; 0 takes the number of hardware threads. Throws
  /// IoError if the system does not start as many.
  explicit ThreadPool(std::size_t threads = 0);
  /// No loop may be running.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t threads() const;

  /// Calls body(i) for every i in [0, count), in any order, and returns when all are done. The first exception thrown
  /// by a body is rethrown here after those that had begun have ended; no others begin. Once `stop` is asked for none
  /// begins either, and CancelledError is thrown unless all were done. Thread-safe.
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body, const std::stop_token& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura
