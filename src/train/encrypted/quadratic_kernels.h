#pragma once

// Internal to src/train. No LibTorch here, so that the loops can be compiled for the processor's instruction set.
#include <cstddef>
#include <cstdint>

namespace obscura::train {

/// A brain float: the upper half of a float.
struct Bf16 {
  std::uint16_t bits;
};

/// A matrix with a column a channel, row-major: [N, C, H, W] in the order N, H, W, C, or [N, C].
struct Columns {
  std::size_t rows = 0;
  std::size_t channels = 0;
};

/// What the loops below need of each channel, `channels` values each. z = (x - mean) * inverse is the normalised
/// input, c = clamp(z) to +-bound, and the output y = constant + linear * c + quadratic * c^2.
struct ChannelValues {
  const float* mean;
  const float* inverse;
  const float* constant;
  const float* linear;
  const float* quadratic;
  float bound;  ///< infinity: no clamp
};

/// Derivative by z, with g that by y: dz = [|z| <= bound] (g (linear + 2 quadratic c) - c (u + v c^2))
/// + pull (z - clamp(z, +-limit)); u and v carry the derivative through the statistics of c^2.
struct Derivative {
  const float* u;
  const float* v;
  float pull;
  float limit;
};

/// Loops over a matrix; T is float or Bf16. Sums are added to what stands in their `channels` doubles each.
template <typename T>
struct QuadraticKernels {
  /// sum x, sum x^2
  void (*moments)(const T* x, Columns size, double* sums, double* squares);
  /// sum c^2, sum c^4
  void (*square_moments)(const T* x, Columns size, const ChannelValues& values, double* sums, double* squares);
  /// y
  void (*forward)(const T* x, Columns size, const ChannelValues& values, T* y);
  /// sum g, sum g c, sum g c^2
  void (*output_sums)(const T* x, const T* g, Columns size, const ChannelValues& values, double* plain, double* linear,
                      double* square);
  /// sum dz, sum dz z
  void (*input_sums)(const T* x, const T* g, Columns size, const ChannelValues& values, const Derivative& by,
                     double* plain, double* product);
  /// dx = inverse * (dz - mean_dz - z mean_dz_z)
  void (*backward)(const T* x, const T* g, Columns size, const ChannelValues& values, const Derivative& by,
                   const float* mean_dz, const float* mean_dz_z, T* dx);
};

/// The loops for this processor. T: float, Bf16.
template <typename T>
QuadraticKernels<T> quadratic_kernels();

}  // namespace obscura::train
