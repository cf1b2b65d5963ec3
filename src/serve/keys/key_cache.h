#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>

#include "ckks/keys.h"

namespace obscura::serve {

/// Expanded evaluation keys of all tenants and models in memory, under one budget. Those that nobody asked with for ten
/// minutes go first, the oldest before; where all are in use any goes, by chance: of clients that take turns and have
/// slightly more keys than there is room for, giving up the oldest would mean to find none. Thread-safe; of several
/// that want the same keys one expands them.
class KeyCache {
 public:
  using Keys = std::shared_ptr<const ckks::EvaluationKeys>;
  using Name = std::pair<std::int64_t, std::string>;  ///< tenant and hash

  explicit KeyCache(std::size_t budget) : budget_(budget) {}
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  /// `expand` is called where they are not here; what it throws is thrown, and nothing is kept. CancelledError is for
  /// whom it was called; others who wait begin anew.
  Keys get(const Name& name, const std::function<Keys()>& expand);
  void put(const Name& name, Keys keys);
  void forget(const Name& name);

  std::size_t bytes() const;
  std::size_t budget() const { return budget_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Keys keys;
    Clock::time_point last_asked;
  };
  void keep(const Name& name, Keys keys);
  std::map<Name, Entry>::iterator victim();

  std::size_t budget_;
  mutable std::mutex mutex_;
  std::map<Name, Entry> entries_;
  std::map<Name, std::shared_future<Keys>> coming_;
  std::size_t bytes_ = 0;
  std::minstd_rand chance_;
};

}  // namespace obscura::serve
