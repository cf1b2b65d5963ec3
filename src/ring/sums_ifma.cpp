#include "ring/pointwise_ifma.h"

namespace obscura::ring::ifma {
namespace {

/// The two halves of a running sum of products.
struct Sum {
  Vec lo = _mm512_setzero_si512(), hi = _mm512_setzero_si512();
  void add_product(Vec a, Vec b) {
    lo = madd_lo(lo, a, b);
    hi = madd_hi(hi, a, b);
  }
};

template <bool Wide>
void inner_products(const Closer& c, std::size_t n, Word* r, const Word* const* a, const Word* const* b,
                    std::size_t count) {
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Sum s[2];
    for (std::size_t j = 0; j < count; ++j) {
      s[0].add_product(load(a[j] + i), load(b[j] + i));
      s[1].add_product(load(a[j] + i + kLanes), load(b[j] + i + kLanes));
    }
    store(r + i, c.close<Wide>(s[0].lo, s[0].hi));
    store(r + i + kLanes, c.close<Wide>(s[1].lo, s[1].hi));
  }
}

/// Both parts of a ciphertext by the same plaintexts, which come from far away as one stream.
template <bool Wide>
void plaintext_products(const Closer& c, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                        const Word* const* a1, const Word* b, std::size_t count) {
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Sum s[2][2];
    for (std::size_t j = 0; j < count; ++j) {
      unroll<2>([&](auto h) {
        const Vec w = load(b + (i + h * kLanes) * count + j * kLanes);
        s[h][0].add_product(load(a0[j] + i + h * kLanes), w);
        s[h][1].add_product(load(a1[j] + i + h * kLanes), w);
      });
    }
    unroll<2>([&](auto h) {
      store(r0 + i + h * kLanes, c.close<Wide>(s[h][0].lo, s[h][0].hi));
      store(r1 + i + h * kLanes, c.close<Wide>(s[h][1].lo, s[h][1].hi));
    });
  }
}

template <bool Wide>
void key_products(const Closer& c, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                  const Word* key, std::size_t key_digits) {
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Sum s[2][2];
    const Word* const k0 = key + i * 2 * key_digits;
    const Word* const k1 = k0 + 16 * key_digits;
    for (std::size_t j = 0; j < count; ++j) {
      const Vec x = load(digits[j] + i), y = load(digits[j] + i + kLanes);
      s[0][0].add_product(x, load(k0 + 16 * j));
      s[0][1].add_product(x, load(k0 + 16 * j + 8));
      s[1][0].add_product(y, load(k1 + 16 * j));
      s[1][1].add_product(y, load(k1 + 16 * j + 8));
    }
    unroll<2>([&](auto h) {
      store(r0 + i + h * kLanes, c.close<Wide>(s[h][0].lo, s[h][0].hi));
      store(r1 + i + h * kLanes, c.close<Wide>(s[h][1].lo, s[h][1].hi));
    });
  }
}

template <bool Wide>
void weighted_sums(const Closer& c, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count) {
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Sum s[2];
    for (std::size_t j = 0; j < count; ++j) {
      const Vec weight = splat(w[j]);
      s[0].add_product(load(a[j] + i), weight);
      s[1].add_product(load(a[j] + i + kLanes), weight);
    }
    store(r + i, c.close<Wide>(s[0].lo, s[0].hi));
    store(r + i + kLanes, c.close<Wide>(s[1].lo, s[1].hi));
  }
}

}  // namespace

void inner_product(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* const* b,
                   std::size_t count) {
  const Closer c(q, largest_high(count, q.value(), q.value()));
  (c.wide() ? inner_products<true> : inner_products<false>)(c, n, r, a, b, count);
}

void plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                       const Word* const* a1, const Word* b, std::size_t count) {
  const Closer c(q, largest_high(count, q.value(), q.value()));
  (c.wide() ? plaintext_products<true> : plaintext_products<false>)(c, n, r0, r1, a0, a1, b, count);
}

void key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                 const Word* key, std::size_t key_digits) {
  const Closer c(q, largest_high(count, q.value(), q.value()));
  (c.wide() ? key_products<true> : key_products<false>)(c, n, r0, r1, digits, count, key, key_digits);
}

void weighted_sum(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count) {
  const Closer c(q, largest_high(count, Word{1} << 52, q.value()));
  (c.wide() ? weighted_sums<true> : weighted_sums<false>)(c, n, r, a, w, count);
}

}  // namespace obscura::ring::ifma
