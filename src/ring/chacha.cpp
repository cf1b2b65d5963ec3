#include "ring/chacha.h"

#include <sodium.h>

#include <array>
#include <cstring>

namespace obscura::ring {

void chacha20_sodium(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                     std::size_t blocks) {
  std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce_bytes;
  for (std::size_t i = 0; i < nonce_bytes.size(); ++i) nonce_bytes[i] = static_cast<std::uint8_t>(nonce >> (8 * i));
  std::memset(out, 0, 64 * blocks);
  crypto_stream_chacha20_xor_ic(out, out, 64 * blocks, nonce_bytes.data(), counter, key.data());
}

ChachaKernel chacha20_kernel([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::ifma) return &chacha20_ifma;
  if (isa == Isa::avx2) return &chacha20_avx2;
#elif defined(__wasm__)
  if (isa == Isa::simd128) return &chacha20_simd128;
#endif
  return &chacha20_sodium;
}

}  // namespace obscura::ring
