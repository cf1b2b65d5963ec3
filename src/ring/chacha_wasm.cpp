// Compiled for WebAssembly alone (web/CMakeLists.txt), with SIMD.
#if defined(__wasm_simd128__)
#include <wasm_simd128.h>

#include "ring/chacha.h"
#include "ring/chacha_lanes.h"

namespace obscura::ring {
namespace {

using Lanes = std::uint32_t __attribute__((vector_size(16)));

// Rotations by whole bytes are one shuffle.
template <>
inline Lanes rotate<Lanes, 16>(Lanes x) {
  return static_cast<Lanes>(wasm_i8x16_shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
}
template <>
inline Lanes rotate<Lanes, 8>(Lanes x) {
  return static_cast<Lanes>(wasm_i8x16_shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
}

// Sixteen words of four blocks to four blocks of sixteen words, four words at a time.
void store(const State<Lanes>& x, std::uint8_t* out) {
  for (std::size_t g = 0; g < 16; g += 4) {
    const v128_t a = wasm_i32x4_shuffle(x[g], x[g + 1], 0, 4, 1, 5), b = wasm_i32x4_shuffle(x[g], x[g + 1], 2, 6, 3, 7);
    const v128_t c = wasm_i32x4_shuffle(x[g + 2], x[g + 3], 0, 4, 1, 5),
                 d = wasm_i32x4_shuffle(x[g + 2], x[g + 3], 2, 6, 3, 7);
    wasm_v128_store(out + 4 * g, wasm_i64x2_shuffle(a, c, 0, 2));
    wasm_v128_store(out + 64 + 4 * g, wasm_i64x2_shuffle(a, c, 1, 3));
    wasm_v128_store(out + 128 + 4 * g, wasm_i64x2_shuffle(b, d, 0, 2));
    wasm_v128_store(out + 192 + 4 * g, wasm_i64x2_shuffle(b, d, 1, 3));
  }
}

}  // namespace

void chacha20_simd128(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                      std::size_t blocks) {
  keystream<Lanes>(key, nonce, counter, out, blocks, store);
}

}  // namespace obscura::ring
#endif
