#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace obscura {

/// Hears of progress in the place of standard error: what was done, how much there is (0: unknown), of which unit. May
/// throw, which ends the work that was asked how far it is; may be called on any thread, one call of a Progress at a
/// time.
using ProgressHearer = std::function<void(std::size_t done, std::size_t total, const std::string& unit)>;

/// While it lives, every Progress that this thread makes tells the hearer, enabled or not, and draws nothing. For who
/// calls from a program of his own, through functions that know of nothing but a line. The innermost of several hears.
class ProgressListener {
 public:
  explicit ProgressListener(ProgressHearer hearer);
  ~ProgressListener();
  ProgressListener(const ProgressListener&) = delete;
  ProgressListener& operator=(const ProgressListener&) = delete;

 private:
  ProgressHearer hearer_;
  const ProgressHearer* before_;
};

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
  ProgressHearer hearer_;  // none: standard error
  std::size_t total_;
  std::size_t count_ = 0;
  bool enabled_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

}  // namespace obscura
