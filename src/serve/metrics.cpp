#include "serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <map>
#include <mutex>

#include "base/stopwatch.h"
#include "base/version.h"

namespace obscura::serve {
namespace {

using prometheus::Histogram;

constexpr std::int64_t kStretch = 5;  // seconds of a sample
constexpr std::size_t kStretches = 120;
constexpr std::size_t kMostKept = 2000;  // latencies of a sample: enough for a 95th percentile

const Histogram::BucketBoundaries kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                              0.5,   1,      2.5,   5,    10,    25,   60,  250};

double quantile(std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

/// A stretch of time that is still counted.
struct Stretch {
  std::int64_t index = 0;
  std::uint64_t answered = 0, refused = 0;
  std::vector<double> seconds;

  LatencySample sample() const {
    auto sorted = seconds;
    std::ranges::sort(sorted);
    return {(index + 1) * kStretch, answered, refused, quantile(sorted, 0.5), quantile(sorted, 0.95)};
  }
};

bool is_work(std::string_view call) {
  return call == "infer" || call == "scores" || call == "fetch";
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("obscura_requests_total").Help("Requests, by how they ended").Register(registry);
  prometheus::Family<Histogram>& latency = prometheus::BuildHistogram()
                                               .Name("obscura_request_seconds")
                                               .Help("From a request's last byte to its answer")
                                               .Register(registry);
  prometheus::Family<Histogram>& parts = prometheus::BuildHistogram()
                                             .Name("obscura_job_part_seconds")
                                             .Help("Waiting, expanding keys, evaluating")
                                             .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes =
      prometheus::BuildCounter().Name("obscura_bytes_total").Help("Of bodies").Register(registry);
  prometheus::Family<prometheus::Gauge>& jobs =
      prometheus::BuildGauge().Name("obscura_jobs").Help("Running, waiting, and room for waiting").Register(registry);
  prometheus::Family<prometheus::Gauge>& keys = prometheus::BuildGauge()
                                                    .Name("obscura_key_bytes")
                                                    .Help("Expanded evaluation keys in memory, and their budget")
                                                    .Register(registry);
  prometheus::Family<prometheus::Gauge>& connections =
      prometheus::BuildGauge().Name("obscura_connections").Help("Open connections").Register(registry);
  Stopwatch up;

  mutable std::mutex mutex;  ///< of what follows
  LoadFacts load;
  std::deque<Stretch> stretches;

  Stretch& present() {
    const std::int64_t index = static_cast<std::int64_t>(std::time(nullptr)) / kStretch;
    if (stretches.empty() || stretches.back().index != index) stretches.push_back({index, 0, 0, {}});
    if (stretches.size() > kStretches) stretches.pop_front();
    return stretches.back();
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  auto& info = prometheus::BuildGauge().Name("obscura_build_info").Help("The version").Register(state_->registry);
  info.Add({{"version", kVersion}}).Set(1);
}
Metrics::~Metrics() = default;

void Metrics::ended(std::string_view front, std::string_view call, std::string_view model,
                    std::optional<FailureCode> failure, double seconds) {
  const std::map<std::string, std::string> what = {
      {"front", std::string(front)}, {"call", std::string(call)}, {"model", std::string(model)}};
  auto labels = what;
  labels["code"] = failure ? std::string(name_of(*failure)) : "ok";
  state_->requests.Add(labels).Increment();
  if (!failure) state_->latency.Add(what, kSeconds).Observe(seconds);
  if (!is_work(call)) return;
  const std::lock_guard lock(state_->mutex);
  Stretch& stretch = state_->present();
  ++(failure ? state_->load.refused : state_->load.answered);
  ++(failure ? stretch.refused : stretch.answered);
  if (!failure && stretch.seconds.size() < kMostKept) stretch.seconds.push_back(seconds);
}

void Metrics::received(std::uint64_t bytes) {
  state_->bytes.Add({{"direction", "in"}}).Increment(static_cast<double>(bytes));
}

void Metrics::sent(std::uint64_t bytes) {
  state_->bytes.Add({{"direction", "out"}}).Increment(static_cast<double>(bytes));
}

void Metrics::part(std::string_view name, double seconds) {
  state_->parts.Add({{"part", std::string(name)}}, kSeconds).Observe(seconds);
}

void Metrics::set_queue(std::size_t running, std::size_t waiting, std::size_t backlog, std::size_t workers) {
  state_->jobs.Add({{"state", "running"}}).Set(static_cast<double>(running));
  state_->jobs.Add({{"state", "waiting"}}).Set(static_cast<double>(waiting));
  state_->jobs.Add({{"state", "backlog"}}).Set(static_cast<double>(backlog));
  const std::lock_guard lock(state_->mutex);
  auto& load = state_->load;
  load.running = running, load.waiting = waiting, load.backlog = backlog, load.workers = workers;
}

void Metrics::set_keys(std::size_t bytes, std::size_t budget) {
  state_->keys.Add({{"what", "held"}}).Set(static_cast<double>(bytes));
  state_->keys.Add({{"what", "budget"}}).Set(static_cast<double>(budget));
  const std::lock_guard lock(state_->mutex);
  state_->load.key_bytes = bytes, state_->load.key_budget = budget;
}

void Metrics::set_connections(std::string_view front, std::size_t open) {
  state_->connections.Add({{"front", std::string(front)}}).Set(static_cast<double>(open));
}

std::string Metrics::prometheus_text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

LoadFacts Metrics::load() const {
  const std::lock_guard lock(state_->mutex);
  LoadFacts facts = state_->load;
  facts.uptime = state_->up.seconds();
  for (const Stretch& stretch : state_->stretches) facts.latency.push_back(stretch.sample());
  return facts;
}

}  // namespace obscura::serve
