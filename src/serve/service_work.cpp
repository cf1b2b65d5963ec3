// What the service does beside requests: records of jobs, keys that expire, a clock that jumps.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <ctime>

#include "base/error.h"
#include "serve/service_state.h"
#include "serve/state/state_file.h"

namespace obscura::serve {
namespace {

constexpr std::int64_t kKeptJobs = 100'000;
constexpr std::size_t kMostUnwritten = 10'000;
constexpr std::int64_t kJump = 300;        // seconds by which a clock that is only set right does not go
constexpr std::int64_t kIdleUpload = 600;  // seconds until an upload's file is closed; it is gone on with when asked

}  // namespace

std::int64_t unix_now() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

std::string text_in_flight() {
  try {
    throw;
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception of no known type";
  }
}

StateLock::StateLock(const std::filesystem::path& folder) {
  open_state(folder);
  const auto file = folder / "serve.lock";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) throw IoError("cannot make " + file.string());
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw UsageError("another server uses " + folder.string() + ": give each its own --state");
  }
}

StateLock::~StateLock() {
  ::close(fd_);
}

void Service::State::ended(JobRecord record) {
  const std::lock_guard guard(mutex);
  if (jobs.size() < kMostUnwritten) jobs.push_back(std::move(record));
}

void Service::State::flush_jobs() {
  std::vector<JobRecord> some;
  {
    const std::lock_guard guard(mutex);
    some.swap(jobs);
  }
  if (some.empty()) return;
  writer.later([some = std::move(some)](store::Database& database) {
    auto insert = database.prepare(
        "INSERT INTO jobs (tenant, call, model, ended, milliseconds, outcome) VALUES (?, ?, ?, ?, ?, ?)");
    for (const auto& job : some) {
      insert.bind(1, job.tenant).bind(2, job.call).bind(3, job.model).bind(4, job.ended);
      insert.bind(5, job.milliseconds).bind(6, job.outcome).run();
    }
    database.prepare("DELETE FROM jobs WHERE id <= (SELECT max(id) FROM jobs) - ?").bind(1, kKeptJobs).run();
  });
}

void Service::State::expire_keys() {
  const std::int64_t now = unix_now();
  for (const auto& record : records.all()) {
    if (record.last_used + options.key_seconds > now) continue;
    drop_key({record.tenant, record.hash});
    options.log(fmt::format("keys {}... of tenant {} were not used for {} days and went", record.hash.substr(0, 8),
                            record.tenant, options.key_seconds / 86400));
  }
  const std::lock_guard guard(mutex);
  std::erase_if(uploads, [&](const auto& one) {
    return one.second.use_count() == 1 && one.second->last_piece + kIdleUpload < now;
  });
}

/// One that is set on by months would take all keys: they keep the time that they have left.
void Service::State::watch_clock() {
  const auto passed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - clock_start).count();
  const std::int64_t jump = unix_now() - passed - clock_offset;
  if (std::abs(jump) < kJump) return;
  clock_offset += jump;
  records.shift(jump);
  options.log(fmt::format("the clock was set by {} seconds: keys keep the time that they have left", jump));
}

void Service::State::keep_house() {
  constexpr int kExpireEvery = 60;  // seconds
  std::unique_lock guard(house_mutex);
  for (int second = 0; !house_ending; ++second) {
    guard.unlock();
    try {
      watch_clock();
      flush_jobs();
      if (second % kExpireEvery == 0) expire_keys();
    } catch (...) {
      options.log(text_in_flight());
    }
    guard.lock();
    house_wake.wait_for(guard, std::chrono::seconds(1), [this] { return house_ending; });
  }
}

}  // namespace obscura::serve
