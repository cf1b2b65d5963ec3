#pragma once

#include <cstddef>
#include <cstdint>

#include "ring/isa.h"
#include "ring/random.h"

namespace obscura::ring {

/// `blocks` blocks of 64 bytes of the ChaCha20 keystream of `key`, from block number `counter` (64-bit counter and
/// nonce: Bernstein's original layout, words 12-13 and 14-15 of the state). By libsodium: the specification.
void chacha20_sodium(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                     std::size_t blocks);
/// The same, eight and sixteen blocks at once; only for processors with these instructions.
void chacha20_avx2(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out, std::size_t blocks);
void chacha20_ifma(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out, std::size_t blocks);
/// Four blocks at once, for WebAssembly.
void chacha20_simd128(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                      std::size_t blocks);

using ChachaKernel = decltype(&chacha20_sodium);

/// The fastest that `isa` allows; all give the same bytes.
ChachaKernel chacha20_kernel(Isa isa);

}  // namespace obscura::ring
