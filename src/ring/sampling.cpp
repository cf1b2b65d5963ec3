#include "ring/sampling.h"

#include "ring/sampling_loops.h"

namespace obscura::ring {

const SamplingKernels& sampling_scalar() {
  static constexpr SamplingKernels kKernels{&accept_loop, &binomial_loop, &lift_loop};
  return kKernels;
}

const SamplingKernels& sampling_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::ifma) return sampling_ifma();
  if (isa == Isa::avx2) return sampling_avx2();
#endif
  return sampling_scalar();
}

}  // namespace obscura::ring
