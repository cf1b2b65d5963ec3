#pragma once

#include <cstddef>
#include <stop_token>

#include "base/error.h"
#include "base/parallel.h"

namespace obscura {

/// Throws CancelledError once `stop` is asked for.
inline void check_cancelled(const std::stop_token& stop) {
  if (stop.stop_requested()) throw CancelledError("cancelled");
}

/// body(0) ... body(count - 1): on the pool's threads where there is one, else here, in order. Throws what body throws,
/// and CancelledError as ThreadPool::parallel_for.
template <typename Body>
void share(ThreadPool* pool, std::size_t count, Body&& body, const std::stop_token& stop = {}) {
  if (pool != nullptr) {
    pool->parallel_for(count, body, stop);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    check_cancelled(stop);
    body(i);
  }
}

}  // namespace obscura
