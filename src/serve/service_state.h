#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/stopwatch.h"
#include "serve/deadlines.h"
#include "serve/executor.h"
#include "serve/galleries/gallery_host.h"
#include "serve/in_process_queue.h"
#include "serve/keys/key_cache.h"
#include "serve/keys/key_records.h"
#include "serve/keys/upload.h"
#include "serve/metrics.h"
#include "serve/models/model.h"
#include "serve/service_options.h"
#include "serve/state/tokens.h"
#include "serve/state/writer.h"
#include "serve/work.h"

namespace obscura::serve {

std::int64_t unix_now();
/// What the exception in flight says, for the log: to be called in a catch block.
std::string text_in_flight();

/// The one server that uses a state.
class StateLock {
 public:
  /// Throws UsageError where another one runs.
  explicit StateLock(const std::filesystem::path& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  int fd_;
};

/// An upload and who finishes it.
struct OpenUpload {
  OpenUpload(std::filesystem::path file, std::string hash, std::uint64_t total)
      : upload(std::move(file), std::move(hash), total) {}
  Upload upload;
  std::mutex finishing;
  bool head_checked = false;
  std::int64_t last_piece = 0;
};

/// A job that has ended, for the state's table.
struct JobRecord {
  std::int64_t tenant = 0;
  std::string call, model;
  std::int64_t ended = 0;
  std::int64_t milliseconds = 0;
  std::string outcome;
};

/// All that the service holds, in the order in which it is made.
struct Service::State {
  explicit State(const Options& given);
  ~State();

  using TenantHash = std::pair<std::int64_t, std::string>;

  // models and galleries
  std::shared_ptr<Model> find_model(std::string_view name, std::string_view version) const;
  GalleryHost& find_gallery(const std::string& name);
  /// Null where mode trusted is off, or the gallery is of another network.
  TrustedPictures* trusted_for(const GalleryHost& host) const;
  TrustedPictures& find_trusted(const GalleryHost& host) const;
  /// Names of what has these parameters.
  std::vector<std::string> users_of(const std::string& parameters) const;
  ckks::ContextPtr context_of(const std::string& parameters);

  // keys (service_keys.cpp)
  std::filesystem::path key_file(const TenantHash& name) const;
  KeyStatus status_of(const KeyRecord& record) const;
  KeyStatus status(std::int64_t tenant, const std::string& hash);
  std::shared_ptr<OpenUpload> open_upload(std::int64_t tenant, const KeyPiece& piece);
  void check_head(OpenUpload& open, std::string_view what);
  KeyStatus finish_upload(const TenantHash& name, OpenUpload& open, const std::stop_token& stop);
  KeyCache::Keys expand(const ckks::Context& context, const std::filesystem::path& file, const std::stop_token& stop);
  /// The keys that a query is to be answered with. Fails with keys_unknown.
  KeyCache::Keys keys_for(std::int64_t tenant, const ckks::KeyId& key, const ckks::ContextPtr& context,
                          const ckks::KeyRequest& request, const std::stop_token& stop);
  void drop_key(const TenantHash& name);
  void clean_folder();

  // work (service_work.cpp)
  /// Puts `run` into the queue; `done` hears what it returns, or why it did not.
  struct Call {
    std::string name, model;
    double seconds = 0;     ///< that it is thought to take
    std::size_t bytes = 0;  ///< that it holds while it waits
    std::optional<std::int64_t> timeout_us = std::nullopt;
  };
  template <typename T>
  void submit(const Identity& who, Call call, const std::stop_token& stop, Done<T> done,
              std::function<T(const std::stop_token&)> run);
  void ended(JobRecord record);
  void keep_house();
  void flush_jobs();
  void expire_keys();
  void watch_clock();

  Options options;
  StateLock lock;
  Writer writer;
  Tokens tokens;
  Metrics metrics;
  KeyRecords records;
  KeyCache cache;
  ThreadPool pool;
  std::map<std::string, std::shared_ptr<Model>, std::less<>> models;
  std::map<std::string, std::unique_ptr<GalleryHost>, std::less<>> galleries;
  std::stop_source ending;
  Deadlines deadlines;

  std::mutex mutex;  ///< of what follows
  std::map<TenantHash, std::shared_ptr<OpenUpload>> uploads;
  std::map<std::string, ckks::ContextPtr> contexts;
  std::vector<JobRecord> jobs;

  std::atomic<bool> stopped{false};
  InProcessQueue queue;
  Executor disk;  ///< after the queue, which its tasks put jobs into

  std::mutex house_mutex;
  std::condition_variable house_wake;
  bool house_ending = false;
  const std::chrono::steady_clock::time_point clock_start = std::chrono::steady_clock::now();
  std::int64_t clock_offset = unix_now();  ///< of the wall clock to it; of the house's thread
  std::thread house;
};

template <typename T>
void Service::State::submit(const Identity& who, Call call, const std::stop_token& stop, Done<T> done,
                            std::function<T(const std::stop_token&)> run) {
  const auto work = std::make_shared<Work>(stop, ending.get_token());
  auto due = Deadlines::Clock::time_point::max();
  if (call.timeout_us && *call.timeout_us > 0) {
    due = Deadlines::Clock::now() + std::chrono::microseconds(*call.timeout_us);
    deadlines.at(due, [weak = std::weak_ptr(work)] {
      if (const auto alive = weak.lock()) alive->expire();
    });
  }
  const auto finish = [this, work, done, tenant = who.tenant, call, watch = Stopwatch()](Outcome<T> outcome) {
    if (!outcome.ok() && outcome.failure().code() == FailureCode::cancelled && work->expired()) {
      outcome = Failure(FailureCode::timed_out, "the time that the request was given is over");
    }
    ended({tenant, call.name, call.model, unix_now(), static_cast<std::int64_t>(1000 * watch.seconds()),
           outcome.ok() ? "done" : std::string(name_of(outcome.failure().code()))});
    done(std::move(outcome));
  };
  const auto begun = std::make_shared<Stopwatch>();
  queue.submit({who.tenant, call.seconds, call.bytes, work->token(),
                [this, work, finish, run, begun, due] {
                  metrics.part("wait", begun->seconds());
                  // Whose time was over while it waited is not begun, whether or not the clock's thread got to say so.
                  if (Deadlines::Clock::now() >= due) work->expire();
                  std::optional<Outcome<T>> outcome;
                  try {
                    outcome = run(work->token());
                  } catch (...) {
                    outcome = failure_in_flight();
                    if (outcome->failure().code() == FailureCode::internal) options.log(text_in_flight());
                  }
                  finish(std::move(*outcome));
                },
                [finish](Failure failure) { finish(std::move(failure)); }});
}

}  // namespace obscura::serve
