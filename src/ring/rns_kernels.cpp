#include "ring/rns_kernels.h"

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
  return &overflow_scalar;
}

}  // namespace obscura::ring
