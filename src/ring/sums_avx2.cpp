#include <vector>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "ring/avx2.h"
#include "ring/kernels_scalar.h"

namespace obscura::ring::avx2 {
namespace {

// Products at most 3/4 q < 2^49.6 that one double adds to a reduced sum exactly.
constexpr std::size_t kFold = 8;

}  // namespace

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

namespace {

/// Halves of 25 bits, so that a product with a weight of b bits has 25 + b and 2^(28 - b) of them fit one double.
constexpr int kHalf = 25;

struct Panel {
  static constexpr std::size_t kWords = 16;
  AlignedWords words;  // for every x_k: the low halves, then the high halves of 16 columns, as doubles
  explicit Panel(std::size_t ins) : words(ins * 2 * kWords) {}

  void fill(const Word* const* x, std::size_t ins, std::size_t i) {
    for (std::size_t k = 0; k < ins; ++k) {
      for (std::size_t j = 0; j < kWords; j += kLanes) {
        const Ints word = load_ints(x[k] + i + j);
        Word* const to = words.data() + 2 * kWords * k + j;
        store(to, to_double(_mm256_and_si256(word, splat_ints((Word{1} << kHalf) - 1))));
        store(to + kWords, to_double(_mm256_srli_epi64(word, kHalf)));
      }
    }
  }
};

/// Four rows by four columns: weights of each k stand side by side.
void tile(const Prime& p, Factor shift, std::size_t ins, std::size_t fold, const Word* x, const double* w,
          Word* const* r, std::size_t rows, std::size_t i) {
  Vec lo[4], hi[4];
  for (std::size_t o = 0; o < 4; ++o) lo[o] = hi[o] = _mm256_setzero_pd();
  for (std::size_t k = 0; k < ins;) {
    for (const std::size_t end = std::min(ins, k + fold); k < end; ++k) {
      const Vec low = load(x + 2 * Panel::kWords * k), high = load(x + 2 * Panel::kWords * k + Panel::kWords);
#pragma GCC unroll 4
      for (std::size_t o = 0; o < 4; ++o) {
        const Vec weight = _mm256_broadcast_sd(w + 4 * k + o);
        lo[o] = _mm256_fmadd_pd(low, weight, lo[o]);
        hi[o] = _mm256_fmadd_pd(high, weight, hi[o]);
      }
    }
#pragma GCC unroll 4
    for (std::size_t o = 0; o < 4; ++o) lo[o] = p.reduce(lo[o]), hi[o] = p.reduce(hi[o]);
  }
  for (std::size_t o = 0; o < rows; ++o) {
    store_ints(r[o] + i, p.finish(p.reduce(avx2::add(p.times(hi[o], shift), lo[o]))));
  }
}

}  // namespace

void matrix_product(const Modulus& q, std::size_t n, Word* const* r, std::size_t outs, const Word* const* x,
                    std::size_t ins, const std::int32_t* weights) {
  std::uint32_t largest = 1;
  for (std::size_t i = 0; i < outs * ins; ++i) {
    largest = std::max(largest, static_cast<std::uint32_t>(std::abs(static_cast<std::int64_t>(weights[i]))));
  }
  const int bits = std::bit_width(largest);
  if (bits > 24) return scalar::matrix_product(q, n, r, outs, x, ins, weights);
  // A reduced sum takes less than half of 2^53, products the other half.
  const std::size_t fold = std::size_t{1} << (52 - kHalf - bits);
  const std::size_t tiles = (outs + 3) / 4;
  AlignedWords packed(tiles * 4 * ins);
  auto* const w = reinterpret_cast<double*>(packed.data());
  for (std::size_t row = 0; row < tiles * 4; ++row) {
    for (std::size_t k = 0; k < ins; ++k)
      w[(row / 4 * ins + k) * 4 + row % 4] = row < outs ? weights[row * ins + k] : 0;
  }
  Panel panel(ins);
  const Prime p(q);
  const Factor shift = factor(q, q.reduce(Word{1} << kHalf));
  for (std::size_t i = 0; i < n; i += Panel::kWords) {
    panel.fill(x, ins, i);
    for (std::size_t row = 0; row < outs; row += 4) {
      for (std::size_t j = 0; j < Panel::kWords; j += kLanes) {
        tile(p, shift, ins, fold, panel.words.data() + j, w + row * ins, r + row, std::min<std::size_t>(4, outs - row),
             i + j);
      }
    }
  }
}

}  // namespace obscura::ring::avx2
