#include <array>

#include "circuits/block_kernels.h"
#include "ring/pointwise_ifma.h"

namespace obscura::circuits::ifma {
namespace {

using namespace ring::ifma;
using ring::Modulus;

/// The eight lanes the other way round.
Vec reversed(Vec x) {
  return _mm512_permutexvar_epi64(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), x);
}

constexpr __mmask64 kept_bytes(int bytes) {
  return 0x0101010101010101ULL * ((1U << bytes) - 1);
}

/// Eight residues of Bytes bytes each.
template <int Bytes>
Vec load_packed(const std::uint8_t* p) {
  if constexpr (Bytes == 4) {
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  } else {
    alignas(64) static constexpr auto kFrom = [] {
      std::array<std::uint8_t, 64> from{};
      for (std::size_t i = 0; i < 64; ++i) from[i] = static_cast<std::uint8_t>(i / 8 * Bytes + i % 8);
      return from;
    }();
    return _mm512_maskz_permutexvar_epi8(kept_bytes(Bytes), _mm512_load_si512(kFrom.data()), _mm512_loadu_si512(p));
  }
}

template <int Bytes>
void store_packed(std::uint8_t* p, Vec x) {
  if constexpr (Bytes == 4) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi64_epi32(x));
  } else {
    alignas(64) static constexpr auto kFrom = [] {
      std::array<std::uint8_t, 64> from{};
      for (std::size_t i = 0; i < 8 * Bytes; ++i) from[i] = static_cast<std::uint8_t>(i / Bytes * 8 + i % Bytes);
      return from;
    }();
    constexpr __mmask64 kept = (~std::uint64_t{0}) >> (64 - 8 * Bytes);
    _mm512_mask_storeu_epi8(p, kept, _mm512_permutexvar_epi8(_mm512_load_si512(kFrom.data()), x));
  }
}

template <int Bytes>
void split(const Modulus& modulus, std::size_t n, const Word* both, Word constant, std::uint8_t* a, std::uint8_t* b) {
  const Reducer reducer(modulus);
  const Constant times(modulus, constant);
  const Vec q = reducer.q(), one = splat(1);
  for (std::size_t i = 0; i < n / 2; i += kLanes) {
    const Vec u = load(both + i), v = reversed(load(both + n - kLanes - i));
    const Vec sum = reducer.sum(u, v);
    const Vec even = _mm512_mask_add_epi64(sum, _mm512_test_epi64_mask(sum, one), sum, q);
    store_packed<Bytes>(a + i * Bytes, _mm512_srli_epi64(even, 1));
    store_packed<Bytes>(b + i * Bytes, reducer.from_2q(reducer.times(reducer.difference(u, v), times)));
  }
}

/// The two halves of a running sum of products.
struct Sum {
  Vec lo, hi = _mm512_setzero_si512();
  void add_product(Vec a, Vec b) {
    lo = madd_lo(lo, a, b);
    hi = madd_hi(hi, a, b);
  }
};

template <bool Wide, int Bytes>
void products(const Closer& c, std::size_t n, std::size_t at, std::size_t words, Word* r0, Word* r1,
              const Word* const* a0, const Word* const* a1, const std::uint8_t* const* b, std::size_t count, bool add) {
  for (std::size_t i = at; i < at + words; i += kLanes) {
    const std::size_t mirror = n - kLanes - i;
    const std::array<Word*, 4> to{r0 + i, r1 + i, r0 + mirror, r1 + mirror};
    Sum s[4];
    unroll<4>([&](auto k) { s[k].lo = add ? load(to[k]) : _mm512_setzero_si512(); });
    for (std::size_t t = 0; t < count; ++t) {
      const Vec w = load_packed<Bytes>(b[t] + i * Bytes), v = reversed(w);
      s[0].add_product(load(a0[t] + i), w);
      s[1].add_product(load(a1[t] + i), w);
      s[2].add_product(load(a0[t] + mirror), v);
      s[3].add_product(load(a1[t] + mirror), v);
    }
    unroll<4>([&](auto k) { store(to[k], c.close<Wide>(s[k].lo, s[k].hi)); });
  }
}

/// body with the bytes of a residue as a constant.
template <class Body>
void with_bytes(std::size_t bytes, Body&& body) {
  switch (bytes) {
    case 4:
      return body(std::integral_constant<int, 4>{});
    case 6:
      return body(std::integral_constant<int, 6>{});
    default:
      return body(std::integral_constant<int, 7>{});
  }
}

}  // namespace

void residues_of_narrow(const Modulus& modulus, std::size_t n, const std::int32_t* coefficients, std::uint64_t* out) {
  const Reducer reducer(modulus);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i c = _mm256_load_si256(reinterpret_cast<const __m256i*>(coefficients + i));
    store(out + i, reducer.from_signed(_mm512_cvtepi32_epi64(c)));
  }
}

void split_pair(const Modulus& q, std::size_t n, std::size_t bytes, const std::uint64_t* both, std::uint64_t constant,
                std::uint8_t* a, std::uint8_t* b) {
  with_bytes(bytes, [&](auto width) { split<decltype(width)::value>(q, n, both, constant, a, b); });
}

void palindrome_product(const Modulus& q, std::size_t n, std::size_t bytes, std::size_t at, std::size_t words,
                        std::uint64_t* r0, std::uint64_t* r1, const std::uint64_t* const* a0,
                        const std::uint64_t* const* a1, const std::uint8_t* const* b, std::size_t count, bool add) {
  const Closer c(q, largest_high(count + 1, q.value(), q.value()));
  with_bytes(bytes, [&](auto width) {
    constexpr int kBytes = decltype(width)::value;
    (c.wide() ? products<true, kBytes> : products<false, kBytes>)(c, n, at, words, r0, r1, a0, a1, b, count, add);
  });
}

}  // namespace obscura::circuits::ifma
