#pragma once

#include "base/stopwatch.h"

namespace obscura::study {

/// Adds what passes to one of the clocks.
template <typename Work>
auto timed(double& seconds, const Work& work) {
  const Stopwatch watch;
  auto result = work();
  seconds += watch.seconds();
  return result;
}

}  // namespace obscura::study
