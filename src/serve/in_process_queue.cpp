#include "serve/in_process_queue.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace obscura::serve {
namespace {

constexpr double kLeastSeconds = 1e-4;  // of a job: what is unknown is not free

}  // namespace

InProcessQueue::InProcessQueue(const Options& options) : options_(options) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.workers, 1); ++i)
    threads_.emplace_back([this] { work(); });
}

InProcessQueue::~InProcessQueue() {
  stop(0, [] {});
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

/// Under the mutex.
void InProcessQueue::check(std::int64_t tenant, double seconds, std::size_t bytes) const {
  if (stopping_) {
    Failure failure(FailureCode::shutting_down, "the server is stopping: ask again in a moment");
    failure.retry_after(2000);
    throw failure;
  }
  const auto at = tenants_.find(tenant);
  const std::size_t own = at == tenants_.end() ? 0 : at->second.jobs.size();
  const bool others = waiting_ > own;
  const std::size_t share = std::max<std::size_t>(options_.backlog / (others ? 2 : 1), 1);
  const double wait = waiting_seconds_ / static_cast<double>(threads_.size());
  // A job that is beyond a limit by itself is taken where nobody waits.
  const bool full = waiting_ >= options_.backlog || own >= share ||
                    (waiting_ > 0 && (wait > options_.most_seconds || waiting_bytes_ + bytes > options_.most_bytes));
  if (!full) return;
  Failure failure(FailureCode::overloaded, own >= share && waiting_ < options_.backlog
                                               ? "too many of your requests are waiting: ask again later"
                                               : "the server has as much to do as it takes: ask again later");
  const double later = std::clamp(wait / 2, seconds, 30.0);
  failure.retry_after(static_cast<int>(std::ceil(1000 * std::max(later, 0.1))));
  throw failure;
}

void InProcessQueue::check_room(std::int64_t tenant, double seconds) const {
  const std::lock_guard lock(mutex_);
  check(tenant, seconds, 0);
}

/// Under the mutex: what waits, and is no longer wanted.
std::vector<Job> InProcessQueue::take_those_gone() {
  std::vector<Job> gone;
  for (auto at = tenants_.begin(); at != tenants_.end();) {
    auto& jobs = at->second.jobs;
    const auto kept =
        std::stable_partition(jobs.begin(), jobs.end(), [](const Job& j) { return !j.stop.stop_requested(); });
    for (auto job = kept; job != jobs.end(); ++job) {
      leave(*job);
      gone.push_back(std::move(*job));
    }
    jobs.erase(kept, jobs.end());
    at = jobs.empty() ? tenants_.erase(at) : std::next(at);
  }
  return gone;
}

void InProcessQueue::submit(Job job) {
  job.seconds = std::max(job.seconds, kLeastSeconds);
  std::vector<Job> gone;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_ >= options_.backlog / 2) gone = take_those_gone();
  }
  for (const Job& one : gone) one.refuse({FailureCode::cancelled, "the request was cancelled"});
  {
    const std::lock_guard lock(mutex_);
    check(job.tenant, job.seconds, job.bytes);
    auto [at, fresh] = tenants_.try_emplace(job.tenant);
    // Whoever comes back begins where the others are: nobody saves up time.
    if (fresh) at->second.given = virtual_time_;
    waiting_seconds_ += job.seconds;
    waiting_bytes_ += job.bytes;
    ++waiting_;
    at->second.jobs.push_back(std::move(job));
  }
  wake_.notify_one();
}

/// Under the mutex: it waits no longer.
void InProcessQueue::leave(const Job& job) {
  --waiting_;
  waiting_bytes_ -= job.bytes;
  waiting_seconds_ = waiting_ == 0 ? 0 : waiting_seconds_ - job.seconds;
}

std::map<std::int64_t, InProcessQueue::Tenant>::iterator InProcessQueue::next() {
  return std::min_element(tenants_.begin(), tenants_.end(),
                          [](const auto& a, const auto& b) { return a.second.given < b.second.given; });
}

/// Under the mutex, where one waits.
Job InProcessQueue::take() {
  const auto at = next();
  Job job = std::move(at->second.jobs.front());
  at->second.jobs.pop_front();
  virtual_time_ = std::max(virtual_time_, at->second.given);
  at->second.given += job.seconds;
  if (at->second.jobs.empty()) {
    // Whoever asks one by one is not behind those who ask in bulk: its clock goes on from here.
    virtual_time_ = std::max(virtual_time_, std::min(at->second.given, virtual_time_ + job.seconds));
    tenants_.erase(at);
  }
  leave(job);
  return job;
}

void InProcessQueue::work() {
  Lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || waiting_ > 0; });
    if (waiting_ == 0) return;
    {
      const Job job = take();
      ++running_;
      lock.unlock();
      if (job.stop.stop_requested()) {
        job.refuse({FailureCode::cancelled, "the request was cancelled"});
      } else {
        job.run();
      }
    }
    lock.lock();
    --running_;
    idle_.notify_all();
  }
}

QueueFacts InProcessQueue::facts() const {
  const std::lock_guard lock(mutex_);
  return {running_, waiting_, options_.backlog, threads_.size()};
}

void InProcessQueue::refuse_waiting(Lock& lock) {
  std::vector<Job> refused;
  for (auto& [name, tenant] : tenants_) {
    std::ranges::move(tenant.jobs, std::back_inserter(refused));
  }
  tenants_.clear();
  waiting_ = 0, waiting_seconds_ = 0, waiting_bytes_ = 0;
  lock.unlock();
  for (const auto& job : refused) {
    Failure failure(FailureCode::shutting_down, "the server stopped before this was begun: ask again in a moment");
    failure.retry_after(2000);
    job.refuse(failure);
  }
  lock.lock();
}

void InProcessQueue::stop(int grace_ms, const std::function<void()>& cancel_running) {
  Lock lock(mutex_);
  stopping_ = true;
  const auto idle = [this] { return waiting_ == 0 && running_ == 0; };
  if (idle_.wait_for(lock, std::chrono::milliseconds(grace_ms), idle)) return;
  refuse_waiting(lock);
  lock.unlock();
  cancel_running();
  lock.lock();
  idle_.wait(lock, idle);
}

}  // namespace obscura::serve
