#include <immintrin.h>

#include "ckks/fft_simd.h"

namespace obscura::ckks {
namespace {

struct Avx512 {
  using T = __m512d;
  static constexpr std::size_t lanes = 8;

  static T load(const double* p) { return _mm512_load_pd(p); }
  static T load_any(const double* p) { return _mm512_loadu_pd(p); }
  static void store(double* p, T x) { _mm512_store_pd(p, x); }
  static T set1(double x) { return _mm512_set1_pd(x); }
  static T alternating(double even, double odd) { return _mm512_set_pd(odd, even, odd, even, odd, even, odd, even); }
  static T add(T a, T b) { return _mm512_add_pd(a, b); }
  static T sub(T a, T b) { return _mm512_sub_pd(a, b); }
  static T mul(T a, T b) { return _mm512_mul_pd(a, b); }
  static T fmadd(T a, T b, T c) { return _mm512_fmadd_pd(a, b, c); }
  static T fmsub(T a, T b, T c) { return _mm512_fmsub_pd(a, b, c); }
  static T negate(T a) { return _mm512_xor_pd(a, _mm512_set1_pd(-0.0)); }

  /// 8 x 8 transposition.
  static void rows_of_8(T (&x)[8]) {
    T a[8], b[8];
    for (std::size_t i = 0; i < 8; i += 2) {
      a[i] = _mm512_unpacklo_pd(x[i], x[i + 1]);
      a[i + 1] = _mm512_unpackhi_pd(x[i], x[i + 1]);
    }
    for (std::size_t i = 0; i < 8; i += 4) {
      for (std::size_t k = 0; k < 2; ++k) {
        b[i + k] = _mm512_shuffle_f64x2(a[i + k], a[i + k + 2], 0x88);
        b[i + k + 2] = _mm512_shuffle_f64x2(a[i + k], a[i + k + 2], 0xdd);
      }
    }
    for (std::size_t k = 0; k < 4; ++k) {
      x[k] = _mm512_shuffle_f64x2(b[k], b[k + 4], 0x88);
      x[k + 4] = _mm512_shuffle_f64x2(b[k], b[k + 4], 0xdd);
    }
  }
  static void columns_of_8(T (&x)[8]) { rows_of_8(x); }
};

double round_scaled(std::size_t n, double* x, double factor) {
  const __m512d f = _mm512_set1_pd(factor);
  __m512d largest = _mm512_setzero_pd();
  __mmask8 nan = 0;
  for (std::size_t i = 0; i < n; i += 8) {
    const auto lanes = static_cast<__mmask8>(n - i >= 8 ? 0xff : (1u << (n - i)) - 1);
    const __m512d scaled = _mm512_mul_pd(_mm512_maskz_load_pd(lanes, x + i), f);
    const __m512d r = _mm512_roundscale_pd(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm512_mask_store_pd(x + i, lanes, r);
    largest = _mm512_max_pd(_mm512_abs_pd(r), largest);
    nan = static_cast<__mmask8>(nan | _mm512_cmp_pd_mask(r, r, _CMP_UNORD_Q));
  }
  return nan != 0 ? __builtin_nan("") : _mm512_reduce_max_pd(largest);
}

void add_small(std::size_t n, double* x, const std::int8_t* e) {
  for (std::size_t i = 0; i < n; i += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(e + i));
    const __m512d small = _mm512_cvtepi32_pd(_mm256_cvtepi8_epi32(bytes));
    _mm512_store_pd(x + i, _mm512_add_pd(_mm512_load_pd(x + i), small));
  }
}

/// x - q round(x / q) is exact in one fused operation, since it fits a double; |x| < 2^50 q keeps the quotient exact
/// and off by one at most, so that one correction makes a residue of it.
class Reducer {
 public:
  explicit Reducer(const ring::Modulus& q)
      : q_(_mm512_set1_pd(static_cast<double>(q.value()))),
        inverse_(_mm512_set1_pd(1 / static_cast<double>(q.value()))) {}
  __m512i operator()(__m512d x) const {
    const __m512d k = _mm512_roundscale_pd(_mm512_mul_pd(x, inverse_), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512d r = _mm512_fnmadd_pd(k, q_, x);
    const __mmask8 negative = _mm512_cmp_pd_mask(r, _mm512_setzero_pd(), _CMP_LT_OQ);
    return _mm512_cvtpd_epi64(_mm512_mask_add_pd(r, negative, r, q_));
  }

 private:
  __m512d q_;
  __m512d inverse_;
};

void residues(const ring::Modulus& q, std::size_t n, const double* x, std::uint64_t* r) {
  const Reducer reduce(q);
  for (std::size_t i = 0; i < n; i += 8) _mm512_store_si512(r + i, reduce(_mm512_load_pd(x + i)));
}

void residues_of_integers(const ring::Modulus& q, std::size_t n, const std::int64_t* c, std::uint64_t* r) {
  const Reducer reduce(q);
  for (std::size_t i = 0; i < n; i += 8) {
    _mm512_store_si512(r + i, reduce(_mm512_cvtepi64_pd(_mm512_load_si512(c + i))));
  }
}

void combine(std::size_t n, std::size_t rows, const std::uint64_t* digits, const std::uint64_t* q, double factor,
             double* x) {
  __m512d balanced[128];
  double modulus[128];
  for (std::size_t i = 0; i < rows; ++i) modulus[i] = static_cast<double>(q[i]);
  const __m512d one = _mm512_set1_pd(1), f = _mm512_set1_pd(factor);
  for (std::size_t k = 0; k < n; k += 8) {
    __m512d carry = _mm512_setzero_pd();
    for (std::size_t i = 0; i < rows; ++i) {
      const __m512d d = _mm512_add_pd(_mm512_cvtepu64_pd(_mm512_load_si512(digits + i * n + k)), carry);
      const __mmask8 over = _mm512_cmp_pd_mask(d, _mm512_set1_pd(modulus[i] / 2), _CMP_GT_OQ);
      balanced[i] = _mm512_mask_sub_pd(d, over, d, _mm512_set1_pd(modulus[i]));
      carry = _mm512_maskz_mov_pd(over, one);
    }
    __m512d sum = balanced[rows - 1];
    for (std::size_t i = rows - 1; i-- > 0;) {
      sum = _mm512_fmadd_pd(sum, _mm512_set1_pd(modulus[i]), balanced[i]);
    }
    _mm512_store_pd(x + k, _mm512_mul_pd(sum, f));
  }
}

void bias(std::size_t n, const std::int64_t* c, std::uint64_t b, std::uint64_t* r) {
  const __m512i all = _mm512_set1_epi64(static_cast<long long>(b));
  for (std::size_t i = 0; i < n; i += 8) {
    _mm512_store_si512(r + i, _mm512_add_epi64(_mm512_load_si512(c + i), all));
  }
}

}  // namespace

const FftKernels& ifma_fft_kernels() {
  static constexpr FftKernels kernels{
      64,           table_size<Avx512>, prepare<Avx512>, to_coefficients<Avx512>, to_slots<Avx512>,
      round_scaled, add_small,          residues,        residues_of_integers,    combine,
      bias};
  return kernels;
}

}  // namespace obscura::ckks
