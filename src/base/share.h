#pragma once

#include <cstddef>

#include "base/parallel.h"

namespace obscura {

/// body(0) ... body(count - 1): on the pool's threads where there is one, else here, in order. Throws what body throws.
template <typename Body>
void share(ThreadPool* pool, std::size_t count, Body&& body) {
  if (pool != nullptr) {
    pool->parallel_for(count, body);
  } else {
    for (std::size_t i = 0; i < count; ++i) body(i);
  }
}

}  // namespace obscura
