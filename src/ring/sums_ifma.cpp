#include <array>
#include <type_traits>

#include "ring/packed_stream_kernels.h"
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

/// Eight residues of Bytes bytes each.
template <int Bytes>
Vec load_packed(const std::uint8_t* p) {
  if constexpr (Bytes == 8) {
    return load(reinterpret_cast<const Word*>(p));
  } else if constexpr (Bytes == 4) {
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  } else {
    alignas(64) static constexpr auto kFrom = [] {
      std::array<std::uint8_t, 64> from{};
      for (std::size_t i = 0; i < 64; ++i) from[i] = static_cast<std::uint8_t>(i / 8 * Bytes + i % 8);
      return from;
    }();
    constexpr __mmask64 kept = 0x0101010101010101ULL * ((1U << Bytes) - 1);
    return _mm512_maskz_permutexvar_epi8(kept, _mm512_load_si512(kFrom.data()), _mm512_loadu_si512(p));
  }
}

/// Both parts of a ciphertext by the same plaintexts, which come from far away as one stream.
template <bool Wide, int Bytes>
void plaintext_products(const Closer& c, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                        const Word* const* a1, const std::uint8_t* b, std::size_t count) {
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Sum s[2][2];
    for (std::size_t j = 0; j < count; ++j) {
      unroll<2>([&](auto h) {
        const Vec w = load_packed<Bytes>(b + ((i + h * kLanes) * count + j * kLanes) * Bytes);
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

template <bool Wide, int Bytes>
void key_products(const Closer& c, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                  const std::uint8_t* key, std::size_t key_digits) {
  constexpr std::size_t block = kLanes * Bytes;
  for (std::size_t i = 0; i < n; i += 2 * kLanes) {
    Sum s[2][2];
    const std::uint8_t* const k0 = key + i / kLanes * 2 * key_digits * block;
    const std::uint8_t* const k1 = k0 + 2 * key_digits * block;
    for (std::size_t j = 0; j < count; ++j) {
      const Vec x = load(digits[j] + i), y = load(digits[j] + i + kLanes);
      s[0][0].add_product(x, load_packed<Bytes>(k0 + 2 * j * block));
      s[0][1].add_product(x, load_packed<Bytes>(k0 + (2 * j + 1) * block));
      s[1][0].add_product(y, load_packed<Bytes>(k1 + 2 * j * block));
      s[1][1].add_product(y, load_packed<Bytes>(k1 + (2 * j + 1) * block));
    }
    unroll<2>([&](auto h) {
      store(r0 + i + h * kLanes, c.close<Wide>(s[h][0].lo, s[h][0].hi));
      store(r1 + i + h * kLanes, c.close<Wide>(s[h][1].lo, s[h][1].hi));
    });
  }
}

/// body with (wide sums?, bytes of a residue) as constants.
template <class Body>
void with_shape(bool wide, std::size_t bytes, Body&& body) {
  const auto with_bytes = [&](auto is_wide) {
    switch (bytes) {
      case 4:
        return body(is_wide, std::integral_constant<int, 4>{});
      case 6:
        return body(is_wide, std::integral_constant<int, 6>{});
      case 7:
        return body(is_wide, std::integral_constant<int, 7>{});
      default:
        return body(is_wide, std::integral_constant<int, 8>{});
    }
  };
  wide ? with_bytes(std::true_type{}) : with_bytes(std::false_type{});
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

void packed_plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                              const Word* const* a1, const std::uint8_t* b, std::size_t count, std::size_t bytes) {
  const Closer c(q, largest_high(count, q.value(), q.value()));
  with_shape(c.wide(), bytes, [&](auto wide, auto width) {
    plaintext_products<decltype(wide)::value, decltype(width)::value>(c, n, r0, r1, a0, a1, b, count);
  });
}

void packed_key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits,
                        std::size_t count, const std::uint8_t* key, std::size_t key_digits, std::size_t bytes) {
  const Closer c(q, largest_high(count, q.value(), q.value()));
  with_shape(c.wide(), bytes, [&](auto wide, auto width) {
    key_products<decltype(wide)::value, decltype(width)::value>(c, n, r0, r1, digits, count, key, key_digits);
  });
}

void plaintext_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* a0,
                       const Word* const* a1, const Word* b, std::size_t count) {
  packed_plaintext_product(q, n, r0, r1, a0, a1, reinterpret_cast<const std::uint8_t*>(b), count, 8);
}

void key_product(const Modulus& q, std::size_t n, Word* r0, Word* r1, const Word* const* digits, std::size_t count,
                 const Word* key, std::size_t key_digits) {
  packed_key_product(q, n, r0, r1, digits, count, reinterpret_cast<const std::uint8_t*>(key), key_digits, 8);
}

void weighted_sum(const Modulus& q, std::size_t n, Word* r, const Word* const* a, const Word* w, std::size_t count) {
  const Closer c(q, largest_high(count, Word{1} << 52, q.value()));
  (c.wide() ? weighted_sums<true> : weighted_sums<false>)(c, n, r, a, w, count);
}

}  // namespace obscura::ring::ifma
