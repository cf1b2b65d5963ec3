#include "base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace obscura {
namespace {

// A thread's own, so that calls at the same time hear of their own work alone.
thread_local const ProgressHearer* current_hearer = nullptr;

}  // namespace

ProgressListener::ProgressListener(ProgressHearer hearer) : hearer_(std::move(hearer)), before_(current_hearer) {
  current_hearer = &hearer_;
}

ProgressListener::~ProgressListener() {
  current_hearer = before_;
}

Progress::Progress(std::string label, std::size_t total, std::string unit, bool enabled)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      hearer_(current_hearer == nullptr ? ProgressHearer() : *current_hearer),
      total_(total),
      enabled_(enabled),
      terminal_(::isatty(STDERR_FILENO) != 0),
      next_(start_ + std::chrono::seconds(2)) {}

Progress::~Progress() {
  if (drawn_ && terminal_) std::fputc('\n', stderr);
}

void Progress::advance(std::size_t by) {
  const std::lock_guard lock(mutex_);
  count_ += by;
  if (hearer_) return hearer_(count_, total_, unit_);
  const auto now = Clock::now();
  if (!enabled_ || now < next_) return;
  draw(now);
  next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000));
}

void Progress::draw(Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(count_) / seconds;
  std::fprintf(stderr, "%s%s: %zu", terminal_ ? "\r" : "", label_.c_str(), count_);
  if (total_ != 0) {
    const double left = rate > 0 ? static_cast<double>(total_ - std::min(count_, total_)) / rate : 0;
    std::fprintf(stderr, "/%zu %s, %.1f/s, %.0f s left", total_, unit_.c_str(), rate, left);
  } else {
    std::fprintf(stderr, " %s, %.1f/s", unit_.c_str(), rate);
  }
  std::fputs(terminal_ ? "   " : "\n", stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace obscura
