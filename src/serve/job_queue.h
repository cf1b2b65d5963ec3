#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "serve/failure.h"

namespace obscura::serve {

/// Work of one tenant. Exactly one of its two functions is called, once.
struct Job {
  std::int64_t tenant = 0;
  double seconds = 0;     ///< that it is thought to take: for fair shares, and for how long others will wait
  std::size_t bytes = 0;  ///< of memory that it holds while it waits
  std::stop_token stop;   ///< asked for while it waits: it is refused as cancelled
  std::function<void()> run;
  std::function<void(Failure)> refuse;
};

/// How full a queue is.
struct QueueFacts {
  std::size_t running = 0, waiting = 0, backlog = 0, workers = 0;
};

/// Where jobs wait and who does them. In this process by default (in_process_queue.h); a broker between machines can
/// take its place, because a job is a pure function of what was sent: doing it twice is harmless. Thread-safe.
class JobQueue {
 public:
  virtual ~JobQueue() = default;

  /// Takes a job, or throws Failure (overloaded with a time to come back after, or shutting_down): then neither of its
  /// functions is called.
  virtual void submit(Job job) = 0;
  /// What submit would throw.
  virtual void check_room(std::int64_t tenant, double seconds) const = 0;
  virtual QueueFacts facts() const = 0;
  /// Takes nothing more; returns when nothing runs or waits. What waits beyond `grace_ms` is refused as shutting_down,
  /// and `cancel_running` called for what runs.
  virtual void stop(int grace_ms, const std::function<void()>& cancel_running) = 0;
};

}  // namespace obscura::serve
