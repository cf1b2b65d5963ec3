#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace obscura::serve {

/// Threads for what is short but waits for a disk, so that no front has to. In order of coming, as many at a time as
/// there are threads. Thread-safe. A task must not throw.
class Executor {
 public:
  explicit Executor(std::size_t threads);
  /// What was posted is done first.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void post(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace obscura::serve
