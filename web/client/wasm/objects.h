#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"

namespace obscura::web {

/// 1, 2, ...: of objects of all kinds.
std::uint32_t next_object_number();

/// Objects by numbers, for who cannot hold them. A number is never given twice, so that one that was freed is told.
template <typename T>
class Objects {
 public:
  explicit Objects(const char* what) : what_(what) {}

  std::uint32_t add(std::unique_ptr<T> object) {
    const std::uint32_t number = next_object_number();
    all_[number] = std::move(object);
    return number;
  }
  /// Throws UsageError for one that was freed.
  T& at(std::uint32_t number) {
    const auto found = all_.find(number);
    if (found != all_.end()) return *found->second;
    throw UsageError(std::string("this ") + what_ + " was freed: nothing can be done with it any more");
  }
  bool remove(std::uint32_t number) { return all_.erase(number) != 0; }

 private:
  const char* what_;
  std::map<std::uint32_t, std::unique_ptr<T>> all_;
};

/// False where it was freed already.
bool free_owner(std::uint32_t object);
bool free_fetcher(std::uint32_t object);

}  // namespace obscura::web
