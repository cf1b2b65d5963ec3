#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/failure.h"

namespace obscura::serve {

/// What the service did in a stretch of time.
struct LatencySample {
  std::int64_t at = 0;  ///< its end, Unix seconds
  std::uint64_t answered = 0, refused = 0;
  double median = 0, p95 = 0;  ///< seconds of those that were answered; 0: none
};

/// For the page for people.
struct LoadFacts {
  double uptime = 0;  ///< seconds
  std::size_t running = 0, waiting = 0, backlog = 0, workers = 0;
  std::uint64_t answered = 0, refused = 0;
  std::size_t key_bytes = 0, key_budget = 0;  ///< expanded, in memory
  std::vector<LatencySample> latency;         ///< the last ten minutes, oldest first
};

/// Counters and latencies, for Prometheus and for people. Labels are calls, models and codes: never a tenant, whose
/// number has no bound. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// A call of a front ended. `call`: "infer", "keys", "scores" and the like; `model`: one that there is, or empty;
  /// `failure`: nothing where it had a result.
  void ended(std::string_view front, std::string_view call, std::string_view model, std::optional<FailureCode> failure,
             double seconds);
  void received(std::uint64_t bytes);
  void sent(std::uint64_t bytes);
  /// The seconds of a job's parts: "wait", "keys", "evaluate".
  void part(std::string_view name, double seconds);
  void set_queue(std::size_t running, std::size_t waiting, std::size_t backlog, std::size_t workers);
  void set_keys(std::size_t bytes, std::size_t budget);
  void set_connections(std::string_view front, std::size_t open);

  /// In Prometheus' text format, version 0.0.4.
  std::string prometheus_text() const;
  LoadFacts load() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura::serve
