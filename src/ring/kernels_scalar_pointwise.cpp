#include <algorithm>

#include "ring/constant_time.h"
#include "ring/kernels_scalar.h"

namespace obscura::ring::scalar {
namespace {

// Products of two residues below 2^60 that fit one 128-bit sum.
constexpr std::size_t kFold = 128;

}  // namespace

// What an owner does with a secret key, noise and plaintexts is in constant time: ring/constant_time.h.

void add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::add(q, a[i], b[i]);
}

void sub(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::sub(q, a[i], b[i]);
}

void negate(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::sub(q, 0, a[i]);
}

void mul(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::mul(q, a[i], b[i]);
}

void mul_add(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::reduce(q, u128{a[i]} * b[i] + r[i]);
}

void mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  const Word w_shoup = q.shoup64(w), p = q.value();
  for (std::size_t i = 0; i < n; ++i) {
    const Word v = a[i] * w - static_cast<Word>((u128{a[i]} * w_shoup) >> 64) * p;
    r[i] = constant_time::less_q(v, p);
  }
}

void sub_mul_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, const Word* b, Word w) {
  for (std::size_t i = 0; i < n; ++i)
    r[i] = constant_time::mul(q, constant_time::sub(q, a[i], constant_time::reduce(q, b[i])), w);
}

void add_scalar(const Modulus& q, std::size_t n, Word* r, const Word* a, Word w) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::add(q, a[i], w);
}

void plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                       const Word* const* a1, const Word* b, std::size_t count) {
  for (std::size_t i = 0; i < n; ++i) {
    u128 s0 = 0, s1 = 0;
    for (std::size_t j = 0; j < count; ++j) {
      const Word w = b[(i / 8 * count + j) * 8 + i % 8];
      s0 += q.mul(a0[j][i], w);
      s1 += q.mul(a1[j][i], w);
    }
    r0[i] = q.reduce(s0);
    r1[i] = q.reduce(s1);
  }
}

void key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                 const Word* key, std::size_t key_digits) {
  for (std::size_t i = 0; i < n; ++i) {
    const Word* const k = key + i / 8 * key_digits * 16 + i % 8;
    u128 sum0 = 0, sum1 = 0;
    for (std::size_t j = 0; j < count;) {
      for (const std::size_t end = std::min(count, j + kFold); j < end; ++j) {
        sum0 += u128{digits[j][i]} * k[16 * j];
        sum1 += u128{digits[j][i]} * k[16 * j + 8];
      }
      sum0 = q.reduce(sum0);
      sum1 = q.reduce(sum1);
    }
    r0[i] = static_cast<Word>(sum0);
    r1[i] = static_cast<Word>(sum1);
  }
}

void reduce(const Modulus& q, std::size_t n, Word* r, const Word* a) {
  for (std::size_t i = 0; i < n; ++i) r[i] = constant_time::reduce(q, a[i]);
}

void reduce_centred(const Modulus& q, std::size_t n, Word* r, const Word* a, Word from) {
  for (std::size_t i = 0; i < n; ++i) {
    r[i] = a[i] > from / 2 ? q.negate(q.reduce(from - a[i])) : q.reduce(a[i]);
  }
}

void weighted_sum(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count) {
  for (std::size_t i = 0; i < n; ++i) {
    u128 sum = 0;
    for (std::size_t j = 0; j < count; ++j) sum += u128{a[j][i]} * w[j];
    r[i] = q.reduce(sum);
  }
}

void permute(std::size_t n, Word* r, const Word* a, const std::uint32_t* index) {
  for (std::size_t i = 0; i < n; ++i) r[i] = a[index[i]];
}

}  // namespace obscura::ring::scalar
