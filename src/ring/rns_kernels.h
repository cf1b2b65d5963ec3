#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/isa.h"

namespace obscura::ring {

/// out = round(sum_i y_i inverse_i), the multiple of Q by which sum_i y_i Q/q_i exceeds the centred x it stands for;
/// inverse_i = 1/q_i. Doubles, summed in the order of i with no fused operation: the same bits on every set.
void overflow_scalar(const std::uint64_t* const* y, const double* inverse, std::size_t count, std::size_t n,
                     std::uint64_t* out);

using OverflowKernel = decltype(&overflow_scalar);

OverflowKernel overflow_kernel(Isa isa);

}  // namespace obscura::ring
