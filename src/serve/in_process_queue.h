#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "serve/job_queue.h"

namespace obscura::serve {

/// A queue for each tenant, and threads that take from the one that was given least so far: jobs of a tenant begin in
/// their order, and who sends a thousand slows down nobody else (start-time fair queueing, Goyal et al. 1996, with
/// seconds as the service).
class InProcessQueue : public JobQueue {
 public:
  struct Options {
    std::size_t workers = 1;    ///< jobs at a time
    std::size_t backlog = 256;  ///< that may wait, of all tenants; of one at most half, if others wait too
    double most_seconds = 60;   ///< that one may have to wait, by what those before it are thought to take
    std::size_t most_bytes = std::size_t{1} << 30;  ///< that those who wait may hold, together
  };
  explicit InProcessQueue(const Options& options);
  ~InProcessQueue() override;

  void submit(Job job) override;
  void check_room(std::int64_t tenant, double seconds) const override;
  QueueFacts facts() const override;
  void stop(int grace_ms, const std::function<void()>& cancel_running) override;

 private:
  struct Tenant {
    std::deque<Job> jobs;
    double given = 0;  ///< virtual time: seconds of what it was given
  };
  using Lock = std::unique_lock<std::mutex>;

  void work();
  void check(std::int64_t tenant, double seconds, std::size_t bytes) const;
  void leave(const Job& job);
  std::map<std::int64_t, Tenant>::iterator next();
  Job take();
  void refuse_waiting(Lock& lock);
  std::vector<Job> take_those_gone();

  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::map<std::int64_t, Tenant> tenants_;  ///< that have jobs waiting
  std::size_t waiting_ = 0, running_ = 0, waiting_bytes_ = 0;
  double waiting_seconds_ = 0;
  double virtual_time_ = 0;
  bool stopping_ = false, ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace obscura::serve
