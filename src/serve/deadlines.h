#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace obscura::serve {

/// Calls functions at their time. Thread-safe. They must be short and not throw.
class Deadlines {
 public:
  using Clock = std::chrono::steady_clock;

  Deadlines();
  /// What has not come is not called.
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  void at(Clock::time_point when, std::function<void()> call);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<Clock::time_point, std::function<void()>> calls_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace obscura::serve
