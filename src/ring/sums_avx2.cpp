#include <algorithm>
#include <array>
#include <vector>

#include "ring/avx2.h"

namespace obscura::ring::avx2 {
namespace {

// Products at most 3/4 q < 2^49.6 that one double adds to a reduced sum exactly.
constexpr std::size_t kFold = 8;

/// r = sum_j a_j b_j.
void inner_product(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* const* b,
                   std::size_t count) {
  const Prime p(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    Vec sum = _mm256_setzero_pd();
    for (std::size_t j = 0; j < count;) {
      for (const std::size_t end = std::min(count, j + kFold); j < end; ++j) {
        sum = avx2::add(sum, p.times(load_residues(a[j] + i), load_residues(b[j] + i)));
      }
      sum = p.reduce(sum);
    }
    store_ints(r + i, p.finish(sum));
  }
}

}  // namespace

void plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                       const Word* const* a1, const Word* b, std::size_t count) {
  // A block of 8 words at a time: there the plaintexts of all terms stand side by side.
  std::vector<const Word*> x0(count), x1(count), w(count);
  for (std::size_t i = 0; i < n; i += 8) {
    for (std::size_t j = 0; j < count; ++j) {
      x0[j] = a0[j] + i;
      x1[j] = a1[j] + i;
      w[j] = b + (i * count + j * 8);
    }
    inner_product(q, 8, r0 + i, x0.data(), w.data(), count);
    inner_product(q, 8, r1 + i, x1.data(), w.data(), count);
  }
}

void key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                 const Word* key, std::size_t key_digits) {
  const Prime p(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Word* const k = key + i / 8 * key_digits * 16 + i % 8;
    Vec sum0 = _mm256_setzero_pd(), sum1 = sum0;
    for (std::size_t j = 0; j < count;) {
      for (const std::size_t end = std::min(count, j + kFold); j < end; ++j) {
        const Vec x = load_residues(digits[j] + i);
        sum0 = avx2::add(sum0, p.times(x, load_residues(k + 16 * j)));
        sum1 = avx2::add(sum1, p.times(x, load_residues(k + 16 * j + 8)));
      }
      sum0 = p.reduce(sum0);
      sum1 = p.reduce(sum1);
    }
    store_ints(r0 + i, p.finish(sum0));
    store_ints(r1 + i, p.finish(sum1));
  }
}

void weighted_sum(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count) {
  const Prime p(q);
  std::array<double, 64> weights, ratios;
  for (std::size_t j = 0; j < count; ++j) {
    weights[j] = balanced(q, w[j]);
    ratios[j] = weights[j] / static_cast<double>(q.value());
  }
  for (std::size_t i = 0; i < n; i += kLanes) {
    Vec sum = _mm256_setzero_pd();
    for (std::size_t j = 0; j < count;) {
      for (const std::size_t end = std::min(count, j + kFold); j < end; ++j) {
        sum = avx2::add(sum, p.times(load_residues(a[j] + i), Factor{splat(weights[j]), splat(ratios[j])}));
      }
      sum = p.reduce(sum);
    }
    store_ints(r + i, p.finish(sum));
  }
}

}  // namespace obscura::ring::avx2
