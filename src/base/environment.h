#pragma once

#include <cstdlib>
#include <string>

namespace obscura {

/// The value of an environment variable; empty where it is not set. Thread-safe: nothing here changes the environment
/// once threads run.
inline std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

}  // namespace obscura
