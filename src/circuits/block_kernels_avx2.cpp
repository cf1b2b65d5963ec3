#include <algorithm>
#include <array>

#include "circuits/block_kernels.h"
#include "ring/avx2.h"

namespace obscura::circuits::avx2 {
namespace {

using namespace ring::avx2;
using ring::Modulus;

// Products at most 3/4 q < 2^49.6 that one double adds to a residue exactly.
constexpr std::size_t kFold = 8;

/// The four lanes the other way round.
Ints reversed(Ints x) {
  return _mm256_permute4x64_epi64(x, 0x1b);
}
Vec reversed(Vec x) {
  return _mm256_permute4x64_pd(x, 0x1b);
}

/// Negative words are q too small.
Ints from_signed(Ints x, Ints q) {
  return _mm256_add_epi64(x, _mm256_and_si256(_mm256_cmpgt_epi64(_mm256_setzero_si256(), x), q));
}

}  // namespace

void residues_of_narrow(const Modulus& modulus, std::size_t n, const std::int32_t* coefficients, std::uint64_t* out) {
  const Ints q = splat_ints(modulus.value());
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m128i c = _mm_load_si128(reinterpret_cast<const __m128i*>(coefficients + i));
    store_ints(out + i, from_signed(_mm256_cvtepi32_epi64(c), q));
  }
}

void split_pair(const Modulus& modulus, std::size_t n, const std::uint64_t* both, std::uint64_t constant,
                std::uint64_t* a, std::uint64_t* b) {
  const Prime p(modulus);
  const Factor times = factor(modulus, constant);
  const Ints q = splat_ints(modulus.value()), one = splat_ints(1);
  for (std::size_t i = 0; i < n / 2; i += kLanes) {
    const Ints u = load_ints(both + i), v = reversed(load_ints(both + n - kLanes - i));
    const Ints sum = from_signed(_mm256_sub_epi64(_mm256_add_epi64(u, v), q), q);
    const Ints odd = _mm256_cmpeq_epi64(_mm256_and_si256(sum, one), one);
    store_ints(a + i, _mm256_srli_epi64(_mm256_add_epi64(sum, _mm256_and_si256(odd, q)), 1));
    store_ints(b + i, p.finish(p.times(sub(to_double(u), to_double(v)), times)));
  }
}

void palindrome_product(const Modulus& q, std::size_t n, std::size_t at, std::size_t words, std::uint64_t* r0,
                        std::uint64_t* r1, const std::uint64_t* const* a0, const std::uint64_t* const* a1,
                        const std::uint64_t* const* b, std::size_t count, bool add) {
  const Prime p(q);
  for (std::size_t i = at; i < at + words; i += kLanes) {
    const std::size_t mirror = n - kLanes - i;
    const std::array<Word*, 4> to{r0 + i, r1 + i, r0 + mirror, r1 + mirror};
    Vec s[4];
    for (std::size_t k = 0; k < 4; ++k) s[k] = add ? load_residues(to[k]) : _mm256_setzero_pd();
    for (std::size_t t = 0; t < count;) {
      for (const std::size_t end = std::min(count, t + kFold); t < end; ++t) {
        const Vec w = load_residues(b[t] + i), v = reversed(w);
        s[0] = ring::avx2::add(s[0], p.times(load_residues(a0[t] + i), w));
        s[1] = ring::avx2::add(s[1], p.times(load_residues(a1[t] + i), w));
        s[2] = ring::avx2::add(s[2], p.times(load_residues(a0[t] + mirror), v));
        s[3] = ring::avx2::add(s[3], p.times(load_residues(a1[t] + mirror), v));
      }
      for (Vec& sum : s) sum = p.reduce(sum);
    }
    for (std::size_t k = 0; k < 4; ++k) store_ints(to[k], p.finish(s[k]));
  }
}

}  // namespace obscura::circuits::avx2
