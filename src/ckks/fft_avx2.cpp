#include <immintrin.h>

#include "ckks/fft_simd.h"

namespace obscura::ckks {
namespace {

struct Avx2 {
  using T = __m256d;
  static constexpr std::size_t lanes = 4;

  static T load(const double* p) { return _mm256_load_pd(p); }
  static T load_any(const double* p) { return _mm256_loadu_pd(p); }
  static void store(double* p, T x) { _mm256_store_pd(p, x); }
  static T set1(double x) { return _mm256_set1_pd(x); }
  static T alternating(double even, double odd) { return _mm256_set_pd(odd, even, odd, even); }
  static T add(T a, T b) { return _mm256_add_pd(a, b); }
  static T sub(T a, T b) { return _mm256_sub_pd(a, b); }
  static T mul(T a, T b) { return _mm256_mul_pd(a, b); }
  static T fmadd(T a, T b, T c) { return _mm256_fmadd_pd(a, b, c); }
  static T fmsub(T a, T b, T c) { return _mm256_fmsub_pd(a, b, c); }
  static T negate(T a) { return _mm256_xor_pd(a, _mm256_set1_pd(-0.0)); }

  static void transpose4(T& a, T& b, T& c, T& d) {
    const T ab0 = _mm256_unpacklo_pd(a, b), ab1 = _mm256_unpackhi_pd(a, b);
    const T cd0 = _mm256_unpacklo_pd(c, d), cd1 = _mm256_unpackhi_pd(c, d);
    a = _mm256_permute2f128_pd(ab0, cd0, 0x20);
    b = _mm256_permute2f128_pd(ab1, cd1, 0x20);
    c = _mm256_permute2f128_pd(ab0, cd0, 0x31);
    d = _mm256_permute2f128_pd(ab1, cd1, 0x31);
  }
  /// Eight vectors of four lanes -> four rows of eight, two vectors each.
  static void rows_of_8(T (&x)[8]) {
    transpose4(x[0], x[1], x[2], x[3]);
    transpose4(x[4], x[5], x[6], x[7]);
    const T row0 = x[4], row1 = x[5], row2 = x[6], x1 = x[1], x2 = x[2], x3 = x[3];
    x[1] = row0;
    x[2] = x1;
    x[3] = row1;
    x[4] = x2;
    x[5] = row2;
    x[6] = x3;
  }
  static void columns_of_8(T (&x)[8]) {
    const T x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4], x5 = x[5], x6 = x[6];
    x[1] = x2;
    x[2] = x4;
    x[3] = x6;
    x[4] = x1;
    x[5] = x3;
    x[6] = x5;
    transpose4(x[0], x[1], x[2], x[3]);
    transpose4(x[4], x[5], x[6], x[7]);
  }
};

constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

double round_scaled(std::size_t n, double* x, double factor) {
  if (n % 4 != 0) return scalar_fft_kernels().round_scaled(n, x, factor);
  const __m256d f = _mm256_set1_pd(factor), sign = _mm256_set1_pd(-0.0);
  __m256d largest = _mm256_setzero_pd(), nan = _mm256_setzero_pd();
  for (std::size_t i = 0; i < n; i += 4) {
    const __m256d r = _mm256_round_pd(_mm256_mul_pd(_mm256_load_pd(x + i), f), kNearest);
    _mm256_store_pd(x + i, r);
    largest = _mm256_max_pd(_mm256_andnot_pd(sign, r), largest);
    nan = _mm256_or_pd(nan, _mm256_cmp_pd(r, r, _CMP_UNORD_Q));
  }
  alignas(32) double lanes[4];
  _mm256_store_pd(lanes, largest);
  double most = lanes[0];
  for (const double lane : lanes) most = lane > most ? lane : most;
  return _mm256_movemask_pd(nan) != 0 ? __builtin_nan("") : most;
}

void add_small(std::size_t n, double* x, const std::int8_t* e) {
  for (std::size_t i = 0; i < n; i += 4) {
    const __m128i bytes = _mm_loadu_si32(e + i);
    const __m256d small = _mm256_cvtepi32_pd(_mm_cvtepi8_epi32(bytes));
    _mm256_store_pd(x + i, _mm256_add_pd(_mm256_load_pd(x + i), small));
  }
}

// A double in [2^52, 2^53) holds an integer below 2^52 in its low bits: the conversions that AVX2 lacks.
__m256i to_words(__m256d x) {
  const __m256d magic = _mm256_set1_pd(0x1p52);
  return _mm256_xor_si256(_mm256_castpd_si256(_mm256_add_pd(x, magic)), _mm256_castpd_si256(magic));
}
// 1.5 * 2^52 for signed ones below 2^51.
__m256d to_doubles(__m256i c) {
  const __m256d magic = _mm256_set1_pd(0x1.8p52);
  return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(c, _mm256_castpd_si256(magic))), magic);
}

/// See fft_ifma.cpp.
class Reducer {
 public:
  explicit Reducer(const ring::Modulus& q)
      : q_(_mm256_set1_pd(static_cast<double>(q.value()))),
        inverse_(_mm256_set1_pd(1 / static_cast<double>(q.value()))) {}
  __m256i operator()(__m256d x) const {
    const __m256d k = _mm256_round_pd(_mm256_mul_pd(x, inverse_), kNearest);
    const __m256d r = _mm256_fnmadd_pd(k, q_, x);
    const __m256d negative = _mm256_cmp_pd(r, _mm256_setzero_pd(), _CMP_LT_OQ);
    return to_words(_mm256_add_pd(r, _mm256_and_pd(negative, q_)));
  }

 private:
  __m256d q_;
  __m256d inverse_;
};

void residues(const ring::Modulus& q, std::size_t n, const double* x, std::uint64_t* r) {
  const Reducer reduce(q);
  for (std::size_t i = 0; i < n; i += 4) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(r + i), reduce(_mm256_load_pd(x + i)));
  }
}

void residues_of_integers(const ring::Modulus& q, std::size_t n, const std::int64_t* c, std::uint64_t* r) {
  const Reducer reduce(q);
  for (std::size_t i = 0; i < n; i += 4) {
    const __m256i words = _mm256_load_si256(reinterpret_cast<const __m256i*>(c + i));
    _mm256_store_si256(reinterpret_cast<__m256i*>(r + i), reduce(to_doubles(words)));
  }
}

// 0 <= c < 2^52, the other way round.
__m256d from_words(const std::uint64_t* c) {
  const __m256d magic = _mm256_set1_pd(0x1p52);
  const __m256i words = _mm256_load_si256(reinterpret_cast<const __m256i*>(c));
  return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(words, _mm256_castpd_si256(magic))), magic);
}

void combine(std::size_t n, std::size_t rows, const std::uint64_t* digits, const std::uint64_t* q, double factor,
             double* x) {
  __m256d balanced[128];
  double modulus[128];
  for (std::size_t i = 0; i < rows; ++i) modulus[i] = static_cast<double>(q[i]);
  const __m256d one = _mm256_set1_pd(1), f = _mm256_set1_pd(factor);
  for (std::size_t k = 0; k < n; k += 4) {
    __m256d carry = _mm256_setzero_pd();
    for (std::size_t i = 0; i < rows; ++i) {
      const __m256d d = _mm256_add_pd(from_words(digits + i * n + k), carry);
      const __m256d over = _mm256_cmp_pd(d, _mm256_set1_pd(modulus[i] / 2), _CMP_GT_OQ);
      balanced[i] = _mm256_sub_pd(d, _mm256_and_pd(over, _mm256_set1_pd(modulus[i])));
      carry = _mm256_and_pd(over, one);
    }
    __m256d sum = balanced[rows - 1];
    for (std::size_t i = rows - 1; i-- > 0;) {
      sum = _mm256_fmadd_pd(sum, _mm256_set1_pd(modulus[i]), balanced[i]);
    }
    _mm256_store_pd(x + k, _mm256_mul_pd(sum, f));
  }
}

void bias(std::size_t n, const std::int64_t* c, std::uint64_t b, std::uint64_t* r) {
  for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<std::uint64_t>(c[i]) + b;
}

}  // namespace

const FftKernels& avx2_fft_kernels() {
  static constexpr FftKernels kernels{
      64,           table_size<Avx2>, prepare<Avx2>, to_coefficients<Avx2>, to_slots<Avx2>,
      round_scaled, add_small,        residues,      residues_of_integers,  combine,
      bias};
  return kernels;
}

}  // namespace obscura::ckks
