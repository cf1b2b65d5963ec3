#include <immintrin.h>

#include "ring/rns_kernels.h"

namespace obscura::ring {
namespace {

// Unsigned words to doubles, rounded to nearest: high and low half each exact under an exponent of their own, one
// rounding in the final sum, as the scalar conversion.
inline __m256d to_double(__m256i x) {
  const __m256d two84_52 = _mm256_set1_pd(0x1p84 + 0x1p52);
  const __m256i high = _mm256_or_si256(_mm256_srli_epi64(x, 32), _mm256_castpd_si256(_mm256_set1_pd(0x1p84)));
  const __m256i low = _mm256_blend_epi32(x, _mm256_castpd_si256(_mm256_set1_pd(0x1p52)), 0xAA);
  return _mm256_add_pd(_mm256_sub_pd(_mm256_castsi256_pd(high), two84_52), _mm256_castsi256_pd(low));
}

}  // namespace

void overflow_avx2(const std::uint64_t* const* y, const double* inverse, std::size_t count, std::size_t n,
                   std::uint64_t* out) {
  for (std::size_t c = 0; c < n; c += 4) {
    __m256d sum = _mm256_set1_pd(0.5);
    for (std::size_t i = 0; i < count; ++i) {
      const __m256i word = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(y[i] + c));
      sum = _mm256_add_pd(sum, _mm256_mul_pd(to_double(word), _mm256_set1_pd(inverse[i])));
    }
    const __m256i whole = _mm256_cvtepi32_epi64(_mm256_cvttpd_epi32(sum));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + c), whole);
  }
}

}  // namespace obscura::ring
