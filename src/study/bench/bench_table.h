#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace obscura::study {

struct BenchResult {
  std::string name;
  int log_n = 0;
  std::size_t primes = 0;
  double median_us = 0;
  double least_us = 0;
  std::size_t runs = 0;
  std::size_t images = 0;  ///< of one run, where it classifies
};

/// Times things one after another on this thread, by the time that the thread itself ran.
class BenchTable {
 public:
  /// `seconds` for each; at least five runs in any case, three of what takes a second or more. `only`: names that hold
  /// this text, all if empty.
  BenchTable(double seconds, std::string only) : seconds_(seconds), only_(std::move(only)) {}

  bool wants(const std::string& name) const { return name.find(only_) != std::string::npos; }
  bool wants_any(const std::vector<std::string>& names) const;

  /// Runs `body` until its time is over and keeps the median. Short bodies are timed several runs at a time.
  void add(const std::string& name, int log_n, std::size_t primes, const std::function<void()>& body,
           std::size_t images = 0);
  /// Keeps a result that was computed from others.
  void add(BenchResult result) { results_.push_back(std::move(result)); }

  /// As add(), without keeping it.
  BenchResult measure(const std::function<void()>& body) const;

  const std::vector<BenchResult>& results() const { return results_; }

 private:
  double seconds_;
  std::string only_;
  std::vector<BenchResult> results_;
};

}  // namespace obscura::study
