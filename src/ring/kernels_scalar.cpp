#include "ring/kernels_scalar.h"

#include <algorithm>

#include "ring/constant_time.h"
#include "ring/kernels.h"

namespace obscura::ring::scalar {
namespace {

// x w - q floor(x w' / 2^64) with w' = floor(w 2^64 / q): x w mod q in [0, 2q) for any 64-bit x (Harvey
// 2014).
inline std::uint64_t mul_lazy(std::uint64_t x, std::uint64_t w, std::uint64_t w_shoup, std::uint64_t q) {
  return x * w - constant_time::mul_high(x, w_shoup) * q;
}

inline std::uint64_t below(std::uint64_t x, std::uint64_t bound) {
  return x >= bound ? x - bound : x;
}

// Entry 2i is the factor, entry 2i + 1 its Shoup constant.
AlignedWords with_shoup(const NttTables& t, bool inverse) {
  const AlignedWords powers = bit_reversed_powers(t, inverse);
  AlignedWords table(2 * t.degree);
  for (std::size_t i = 0; i < t.degree; ++i) {
    table[2 * i] = powers[i];
    table[2 * i + 1] = t.q.shoup64(powers[i]);
  }
  return table;
}

}  // namespace

void prepare(NttTables& t) {
  t.forward = with_shoup(t, false);
  t.inverse = with_shoup(t, true);
  // The last inverse stage multiplies by N^-1 on both sides: entries 0 and 1 hold N^-1 and N^-1
  // psi^-bitrev(1).
  const std::uint64_t last = t.q.mul(t.degree_inverse, t.inverse[2]);
  t.inverse[0] = t.degree_inverse;
  t.inverse[1] = t.q.shoup64(t.degree_inverse);
  t.inverse[2] = last;
  t.inverse[3] = t.q.shoup64(last);
}

// Cooley-Tukey with values in [0, 4q) between stages.
void forward(const NttTables& t, std::uint64_t* x) {
  const std::uint64_t q = t.q.value(), two_q = 2 * q;
  const std::uint64_t* const table = t.forward.data();
  for (std::size_t m = 1, half = t.degree / 2; half != 0; m *= 2, half /= 2) {
    for (std::size_t i = 0; i < m; ++i) {
      const std::uint64_t w = table[2 * (m + i)], w_shoup = table[2 * (m + i) + 1];
      std::uint64_t* const a = x + 2 * i * half;
      std::uint64_t* const b = a + half;
      for (std::size_t j = 0; j < half; ++j) {
        const std::uint64_t u = below(a[j], two_q), v = mul_lazy(b[j], w, w_shoup, q);
        a[j] = u + v;
        b[j] = u + two_q - v;
      }
    }
  }
  for (std::size_t j = 0; j < t.degree; ++j) x[j] = below(below(x[j], two_q), q);
}

// Gentleman-Sande with values in [0, 2q) between stages.
void inverse(const NttTables& t, std::uint64_t* x, const std::uint64_t* from) {
  if (from != x) std::copy_n(from, t.degree, x);
  const std::uint64_t q = t.q.value(), two_q = 2 * q;
  const std::uint64_t* const table = t.inverse.data();
  for (std::size_t m = t.degree / 2, half = 1; m > 1; m /= 2, half *= 2) {
    for (std::size_t i = 0; i < m; ++i) {
      const std::uint64_t w = table[2 * (m + i)], w_shoup = table[2 * (m + i) + 1];
      std::uint64_t* const a = x + 2 * i * half;
      std::uint64_t* const b = a + half;
      for (std::size_t j = 0; j < half; ++j) {
        const std::uint64_t u = a[j], v = b[j];
        a[j] = below(u + v, two_q);
        b[j] = mul_lazy(u + two_q - v, w, w_shoup, q);
      }
    }
  }
  const std::size_t half = t.degree / 2;
  for (std::size_t j = 0; j < half; ++j) {
    const std::uint64_t u = x[j], v = x[half + j];
    x[j] = below(mul_lazy(u + v, table[0], table[1], q), q);
    x[half + j] = below(mul_lazy(u + two_q - v, table[2], table[3], q), q);
  }
}

}  // namespace obscura::ring::scalar

namespace obscura::ring {

AlignedWords bit_reversed_powers(const NttTables& t, bool inverse) {
  const std::uint64_t root = inverse ? t.q.inverse(t.root) : t.root;
  AlignedWords powers(t.degree);
  powers[0] = 1;
  // psi^bitrev(m + i) = psi^bitrev(i) psi^(N / 2m): bit m of the index is bit N / 2m of the exponent.
  std::uint64_t step = root;
  AlignedWords steps(64);
  std::size_t count = 0;
  for (std::size_t m = t.degree / 2; m != 0; m /= 2) {
    steps[count++] = step;
    step = t.q.mul(step, step);
  }
  for (std::size_t m = 1; m < t.degree; m *= 2) {
    --count;
    for (std::size_t i = 0; i < m; ++i) powers[m + i] = t.q.mul(powers[i], steps[count]);
  }
  return powers;
}

const Kernels& scalar_kernels() {
  static constexpr Kernels kernels{
      scalar::prepare,
      scalar::forward,
      scalar::inverse,
      scalar::add,
      scalar::sub,
      scalar::negate,
      scalar::mul,
      scalar::mul_add,
      scalar::mul_scalar,
      scalar::sub_mul_scalar,
      scalar::add_scalar,
      scalar::plaintext_product,
      scalar::key_product,
      scalar::reduce,
      scalar::reduce_centred,
      scalar::weighted_sum,
      scalar::permute,
  };
  return kernels;
}

}  // namespace obscura::ring
