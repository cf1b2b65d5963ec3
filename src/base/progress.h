#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace obscura {

/// A progress line on standard error with rate and time left, for work over two seconds. Silent before that, when
/// standard error is not a terminal it prints a plain line every ten seconds instead of redrawing. Thread-safe.
class Progress {
 public:
  /// total = 0: unknown. `unit` is plural ("images").
  Progress(std::string label, std::size_t total, std::string unit, bool enabled = true);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t by = 1);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);

  std::mutex mutex_;
  std::string label_;
  std::string unit_;
  std::size_t total_;
  std::size_t count_ = 0;
  bool enabled_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

}  // namespace obscura
