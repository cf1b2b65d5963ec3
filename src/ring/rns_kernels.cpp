#include "ring/rns_kernels.h"

#include "ring/modulus.h"

namespace obscura::ring {

void overflow_scalar(const std::uint64_t* const* y, const double* inverse, std::size_t count, std::size_t n,
                     std::uint64_t* out) {
  for (std::size_t c = 0; c < n; ++c) {
    double sum = 0.5;  // rounds the truncation below
    for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(y[i][c]) * inverse[i];
    out[c] = static_cast<std::uint64_t>(static_cast<std::int64_t>(sum));
  }
}

OverflowKernel overflow_kernel([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::ifma) return &overflow_ifma;
  if (isa == Isa::avx2) return &overflow_avx2;
#endif
  return &overflow_scalar;
}

void pair_words(const RnsPair& pair, const std::uint64_t* x0, const std::uint64_t* x1, std::size_t n,
                std::uint64_t* out) {
  const Modulus q0(pair.q0), q1(pair.q1);
  const std::uint64_t shoup = q1.shoup64(pair.inverse);
  for (std::size_t c = 0; c < n; ++c) {
    const std::uint64_t t0 = q0.add(x0[c], pair.half0), t1 = q1.add(x1[c], pair.half1);
    const std::uint64_t difference = t1 + pair.lift - t0;
    const auto quotient = static_cast<std::uint64_t>((u128{difference} * shoup) >> 64);
    std::uint64_t v = difference * pair.inverse - quotient * pair.q1;
    if (v >= pair.q1) v -= pair.q1;
    out[c] = t0 + pair.q0 * v;
  }
}

}  // namespace obscura::ring
