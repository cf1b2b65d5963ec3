#include "ring/sampling.h"
#include "ring/sampling_loops.h"

namespace obscura::ring {

// The compiler's own vectors do: what is left of the time is the rejection loop, which has nothing to gain here.
const SamplingKernels& sampling_avx2() {
  static constexpr SamplingKernels kKernels{&accept_loop, &binomial_loop, &lift_loop};
  return kKernels;
}

}  // namespace obscura::ring
