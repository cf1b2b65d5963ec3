#pragma once

#include <cstddef>

namespace obscura::train {

/// Threads for LibTorch and for the BLAS behind it, for the whole process (both keep that setting to themselves).
void set_math_threads(std::size_t threads);

/// Speed of a 384^3 single-precision matrix product in GFLOPS, best of a few: tells a reference BLAS (5 to 7) from
/// an optimised one (over 60). Takes some milliseconds; run it with the threads that will be used.
double measure_gemm_gflops();

/// Whether this processor multiplies in bfloat16 faster than in float; where it does not, LibTorch is many times
/// slower.
bool has_fast_bfloat16();

/// Below this a training takes many times longer than it should.
inline constexpr double kSlowGemmGflops = 20;

}  // namespace obscura::train
