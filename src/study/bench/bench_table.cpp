#include "study/bench/bench_table.h"

#include <algorithm>
#include <ctime>

#include "base/stopwatch.h"

namespace obscura::study {
namespace {

constexpr std::size_t kLeastSamples = 5;
/// What takes a second or more is sampled so often at least, its second run included.
constexpr std::size_t kLeastLongSamples = 3;
constexpr double kLong = 1.0;
constexpr std::size_t kMostSamples = 2000;
/// Shorter runs are timed together: the clock itself takes part of a microsecond.
constexpr double kShortest = 50e-6;

/// Seconds that this thread has really run, in the kernel too: other programs on the machine do not count.
double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

bool BenchTable::wants_any(const std::vector<std::string>& names) const {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return wants(name); });
}

BenchResult BenchTable::measure(const std::function<void()>& body) const {
  body();  // caches and scratch memory
  double start = thread_seconds();
  body();
  const double once = std::max(thread_seconds() - start, 1e-9);
  const auto together = static_cast<std::size_t>(std::clamp(kShortest / once, 1.0, 1000.0));
  std::vector<double> samples;
  if (once >= kLong) samples.push_back(1e6 * once);
  const std::size_t least = once >= kLong ? kLeastLongSamples : kLeastSamples;
  const Stopwatch watch;
  while (samples.size() < least || (samples.size() < kMostSamples && watch.seconds() < seconds_)) {
    start = thread_seconds();
    for (std::size_t i = 0; i < together; ++i) body();
    samples.push_back(1e6 * (thread_seconds() - start) / static_cast<double>(together));
  }
  std::sort(samples.begin(), samples.end());
  BenchResult result;
  result.median_us = samples[samples.size() / 2];
  result.least_us = samples.front();
  result.runs = samples.size() * together;
  return result;
}

void BenchTable::add(const std::string& name, int log_n, std::size_t primes, const std::function<void()>& body,
                     std::size_t images) {
  if (!wants(name)) return;
  BenchResult result = measure(body);
  result.name = name;
  result.log_n = log_n;
  result.primes = primes;
  result.images = images;
  results_.push_back(std::move(result));
}

}  // namespace obscura::study
