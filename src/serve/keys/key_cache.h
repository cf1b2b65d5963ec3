#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ckks/keys.h"

namespace obscura::serve {

/// Expanded evaluation keys of all tenants and models in memory, under one budget: those that were not asked with for
/// longest go first. Thread-safe; of several that want the same keys one expands them.
class KeyCache {
 public:
  using Keys = std::shared_ptr<const ckks::EvaluationKeys>;
  using Name = std::pair<std::int64_t, std::string>;  ///< tenant and hash

  explicit KeyCache(std::size_t budget) : budget_(budget) {}

  /// `expand` is called where they are not here; what it throws is thrown, and nothing is kept.
  Keys get(const Name& name, const std::function<Keys()>& expand);
  void put(const Name& name, Keys keys);
  void forget(const Name& name);

  std::size_t bytes() const;
  std::size_t budget() const { return budget_; }

 private:
  struct Entry {
    Keys keys;
    std::uint64_t last_asked = 0;
  };
  void keep(const Name& name, Keys keys);

  std::size_t budget_;
  mutable std::mutex mutex_;
  std::map<Name, Entry> entries_;
  std::map<Name, std::shared_future<Keys>> coming_;
  std::size_t bytes_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace obscura::serve
