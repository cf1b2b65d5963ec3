#include <immintrin.h>

#include "ring/chacha.h"
#include "ring/chacha_lanes.h"

namespace obscura::ring {
namespace {

using Lanes = std::uint32_t __attribute__((vector_size(64)));

__m512i bits(const Lanes& x) {
  return reinterpret_cast<__m512i>(x);
}

// Sixteen words of sixteen blocks to sixteen blocks of sixteen words.
void store(const State<Lanes>& x, std::uint8_t* out) {
  // Within each 128-bit quarter q: quad[4g + r] holds words 4g ... 4g + 3 of block 4q + r.
  __m512i quad[16];
  for (std::size_t g = 0; g < 16; g += 4) {
    const __m512i a = _mm512_unpacklo_epi32(bits(x[g]), bits(x[g + 1]));
    const __m512i b = _mm512_unpackhi_epi32(bits(x[g]), bits(x[g + 1]));
    const __m512i c = _mm512_unpacklo_epi32(bits(x[g + 2]), bits(x[g + 3]));
    const __m512i d = _mm512_unpackhi_epi32(bits(x[g + 2]), bits(x[g + 3]));
    quad[g] = _mm512_unpacklo_epi64(a, c);
    quad[g + 1] = _mm512_unpackhi_epi64(a, c);
    quad[g + 2] = _mm512_unpacklo_epi64(b, d);
    quad[g + 3] = _mm512_unpackhi_epi64(b, d);
  }
  // A 4 x 4 transpose of quarters for each r.
  for (std::size_t r = 0; r < 4; ++r) {
    const __m512i a = _mm512_shuffle_i32x4(quad[r], quad[4 + r], 0x44),
                  b = _mm512_shuffle_i32x4(quad[r], quad[4 + r], 0xEE);
    const __m512i c = _mm512_shuffle_i32x4(quad[8 + r], quad[12 + r], 0x44),
                  d = _mm512_shuffle_i32x4(quad[8 + r], quad[12 + r], 0xEE);
    _mm512_storeu_si512(out + 64 * r, _mm512_shuffle_i32x4(a, c, 0x88));
    _mm512_storeu_si512(out + 64 * (4 + r), _mm512_shuffle_i32x4(a, c, 0xDD));
    _mm512_storeu_si512(out + 64 * (8 + r), _mm512_shuffle_i32x4(b, d, 0x88));
    _mm512_storeu_si512(out + 64 * (12 + r), _mm512_shuffle_i32x4(b, d, 0xDD));
  }
}

}  // namespace

void chacha20_ifma(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out, std::size_t blocks) {
  keystream<Lanes>(key, nonce, counter, out, blocks, store);
}

}  // namespace obscura::ring
