#include "serve/deadlines.h"

namespace obscura::serve {

Deadlines::Deadlines() : thread_([this] { work(); }) {}

Deadlines::~Deadlines() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Deadlines::at(Clock::time_point when, std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace(when, std::move(call));
  }
  wake_.notify_all();
}

void Deadlines::work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (calls_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto next = calls_.begin()->first;
    if (Clock::now() < next) {
      wake_.wait_until(lock, next);
      continue;
    }
    const auto call = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    lock.unlock();
    call();
    lock.lock();
  }
}

}  // namespace obscura::serve
