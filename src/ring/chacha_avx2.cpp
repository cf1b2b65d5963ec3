#include <immintrin.h>

#include "ring/chacha.h"
#include "ring/chacha_lanes.h"

namespace obscura::ring {
namespace {

using Lanes = std::uint32_t __attribute__((vector_size(32)));

__m256i bits(const Lanes& x) {
  return reinterpret_cast<__m256i>(x);
}

// Rotations by whole bytes are one shuffle.
template <>
inline Lanes rotate<Lanes, 16>(Lanes x) {
  const __m256i order = _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,  //
                                         2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  return reinterpret_cast<Lanes>(_mm256_shuffle_epi8(bits(x), order));
}

template <>
inline Lanes rotate<Lanes, 8>(Lanes x) {
  const __m256i order = _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,  //
                                         3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
  return reinterpret_cast<Lanes>(_mm256_shuffle_epi8(bits(x), order));
}

// Sixteen words of eight blocks to eight blocks of sixteen words, in two halves of eight words.
void store(const State<Lanes>& x, std::uint8_t* out) {
  for (std::size_t half = 0; half < 2; ++half) {
    // Within each 128-bit half h: quad[4g + r] holds words 4g ... 4g + 3 of block 4h + r.
    __m256i quad[8];
    for (std::size_t g = 0; g < 8; g += 4) {
      const Lanes* word = x.data() + 8 * half + g;
      const __m256i a = _mm256_unpacklo_epi32(bits(word[0]), bits(word[1]));
      const __m256i b = _mm256_unpackhi_epi32(bits(word[0]), bits(word[1]));
      const __m256i c = _mm256_unpacklo_epi32(bits(word[2]), bits(word[3]));
      const __m256i d = _mm256_unpackhi_epi32(bits(word[2]), bits(word[3]));
      quad[g] = _mm256_unpacklo_epi64(a, c);
      quad[g + 1] = _mm256_unpackhi_epi64(a, c);
      quad[g + 2] = _mm256_unpacklo_epi64(b, d);
      quad[g + 3] = _mm256_unpackhi_epi64(b, d);
    }
    for (std::size_t r = 0; r < 4; ++r) {
      auto* low = reinterpret_cast<__m256i*>(out + 64 * r + 32 * half);
      auto* high = reinterpret_cast<__m256i*>(out + 64 * (4 + r) + 32 * half);
      _mm256_storeu_si256(low, _mm256_permute2x128_si256(quad[r], quad[4 + r], 0x20));
      _mm256_storeu_si256(high, _mm256_permute2x128_si256(quad[r], quad[4 + r], 0x31));
    }
  }
}

}  // namespace

void chacha20_avx2(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out, std::size_t blocks) {
  keystream<Lanes>(key, nonce, counter, out, blocks, store);
}

}  // namespace obscura::ring
