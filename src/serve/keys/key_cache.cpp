#include "serve/keys/key_cache.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace obscura::serve {
namespace {

constexpr std::chrono::minutes kIdle{10};

}  // namespace

KeyCache::Keys KeyCache::get(const Name& name, const std::function<Keys()>& expand) {
  std::promise<Keys> promise;
  std::shared_future<Keys> other;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = entries_.find(name); at != entries_.end()) {
      at->second.last_asked = Clock::now();
      return at->second.keys;
    }
    if (const auto at = coming_.find(name); at != coming_.end()) {
      other = at->second;
    } else {
      coming_[name] = promise.get_future().share();
    }
  }
  if (other.valid()) {
    try {
      return other.get();
    } catch (const CancelledError&) {
      return get(name, expand);  // called off by whoever began it, and still wanted here
    }
  }
  try {
    Keys keys = expand();
    const std::lock_guard lock(mutex_);
    keep(name, keys);
    coming_.erase(name);
    promise.set_value(keys);
    return keys;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    coming_.erase(name);
    promise.set_exception(std::current_exception());
    throw;
  }
}

void KeyCache::put(const Name& name, Keys keys) {
  const std::lock_guard lock(mutex_);
  keep(name, std::move(keys));
}

/// Under the mutex, where there is one.
std::map<KeyCache::Name, KeyCache::Entry>::iterator KeyCache::victim() {
  const auto oldest = std::ranges::min_element(
      entries_, [](const auto& a, const auto& b) { return a.second.last_asked < b.second.last_asked; });
  if (Clock::now() - oldest->second.last_asked > kIdle) return oldest;
  return std::next(entries_.begin(), std::uniform_int_distribution<std::ptrdiff_t>(
                                         0, static_cast<std::ptrdiff_t>(entries_.size()) - 1)(chance_));
}

/// Under the mutex. What alone is more than the budget is used, and not kept.
void KeyCache::keep(const Name& name, Keys keys) {
  const std::size_t bytes = keys->memory_bytes();
  if (bytes > budget_ || entries_.contains(name)) return;
  while (bytes_ + bytes > budget_) {
    const auto gone = victim();
    bytes_ -= gone->second.keys->memory_bytes();
    entries_.erase(gone);
  }
  bytes_ += bytes;
  entries_[name] = {std::move(keys), Clock::now()};
}

void KeyCache::forget(const Name& name) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(name);
  if (at == entries_.end()) return;
  bytes_ -= at->second.keys->memory_bytes();
  entries_.erase(at);
}

std::size_t KeyCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace obscura::serve
