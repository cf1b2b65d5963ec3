#include <immintrin.h>

#include "shield/affine.h"

namespace obscura::shield {
namespace {

constexpr std::size_t kPanel = Rows::kPanel;
constexpr std::size_t kRows = Rows::kRowGroup;

// What follows the sums, as affine_scalar has it.
inline __m512 finish(const AffineJob& job, std::size_t j, __m512 v) {
  if (job.scale != nullptr) {
    v = _mm512_add_ps(_mm512_mul_ps(v, _mm512_loadu_ps(job.scale + j)), _mm512_loadu_ps(job.shift + j));
  }
  return job.relu ? _mm512_max_ps(v, _mm512_setzero_ps()) : v;
}

// Eight rows by `width` panels: up to 24 sums in registers.
template <std::size_t width>
inline void tile(const AffineJob& job, std::size_t row, std::size_t panel) {
  const std::size_t apart = job.inputs * kPanel;
  const float* w = job.weights + panel * apart;
  const float* x = job.x + row * job.x_stride;
  __m512 sum[kRows][width];
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t p = 0; p < width; ++p) sum[i][p] = _mm512_loadu_ps(job.bias + (panel + p) * kPanel);
  }
  for (std::size_t k = 0; k < job.inputs; ++k, w += kPanel) {
    __m512 weight[width];
    for (std::size_t p = 0; p < width; ++p) weight[p] = _mm512_load_ps(w + p * apart);
    for (std::size_t i = 0; i < kRows; ++i) {
      const __m512 v = _mm512_set1_ps(x[i * job.x_stride + k]);
      for (std::size_t p = 0; p < width; ++p) sum[i][p] = _mm512_fmadd_ps(v, weight[p], sum[i][p]);
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t p = 0; p < width; ++p) {
      const std::size_t j = (panel + p) * kPanel;
      _mm512_storeu_ps(job.y + (row + i) * job.y_stride + j, finish(job, j, sum[i][p]));
    }
  }
}

template <std::size_t width>
std::size_t columns(const AffineJob& job, std::size_t panel) {
  for (std::size_t row = 0; row < job.rows; row += kRows) tile<width>(job, row, panel);
  return panel + width;
}

}  // namespace

void affine_ifma(const AffineJob& job) {
  std::size_t panel = 0;
  while (panel + 3 <= job.panels) panel = columns<3>(job, panel);
  if (panel + 2 == job.panels) columns<2>(job, panel);
  if (panel + 1 == job.panels) columns<1>(job, panel);
}

}  // namespace obscura::shield
