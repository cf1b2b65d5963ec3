#include <immintrin.h>

#include "shield/affine.h"

namespace obscura::shield {
namespace {

constexpr std::size_t kPanel = Rows::kPanel;
constexpr std::size_t kRows = 4;  // with two registers a row: as many chains as hide the latency of an addition

// What follows the sums, as affine_scalar has it.
inline __m256 finish(const AffineJob& job, std::size_t j, __m256 v) {
  if (job.scale != nullptr) {
    v = _mm256_add_ps(_mm256_mul_ps(v, _mm256_loadu_ps(job.scale + j)), _mm256_loadu_ps(job.shift + j));
  }
  return job.relu ? _mm256_max_ps(v, _mm256_setzero_ps()) : v;
}

inline void tile(const AffineJob& job, std::size_t row, std::size_t panel) {
  const float* w = job.weights + panel * job.inputs * kPanel;
  const float* x = job.x + row * job.x_stride;
  __m256 sum[kRows][2];
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t h = 0; h < 2; ++h) sum[i][h] = _mm256_loadu_ps(job.bias + panel * kPanel + 8 * h);
  }
  for (std::size_t k = 0; k < job.inputs; ++k, w += kPanel) {
    const __m256 w0 = _mm256_load_ps(w), w1 = _mm256_load_ps(w + 8);
    for (std::size_t i = 0; i < kRows; ++i) {
      const __m256 v = _mm256_broadcast_ss(x + i * job.x_stride + k);
      sum[i][0] = _mm256_fmadd_ps(v, w0, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(v, w1, sum[i][1]);
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t h = 0; h < 2; ++h) {
      const std::size_t j = panel * kPanel + 8 * h;
      _mm256_storeu_ps(job.y + (row + i) * job.y_stride + j, finish(job, j, sum[i][h]));
    }
  }
}

}  // namespace

void affine_avx2(const AffineJob& job) {
  for (std::size_t panel = 0; panel < job.panels; ++panel) {
    for (std::size_t row = 0; row < job.rows; row += kRows) tile(job, row, panel);
  }
}

}  // namespace obscura::shield
