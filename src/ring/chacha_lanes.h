#pragma once

#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ring/random.h"

/// ChaCha20 on several blocks at once, a block a lane, for the files of one instruction set each: included only there,
/// and all of it in an unnamed namespace, so that code of one set is never linked for another.
namespace obscura::ring {
namespace {

template <class V>
constexpr std::size_t kLanes = sizeof(V) / 4;

template <class V>
using State = std::array<V, 16>;

template <class V, int n>
inline V rotate(V x) {
  return (x << n) | (x >> (32 - n));
}

template <class V>
inline void quarter_round(V& a, V& b, V& c, V& d) {
  a += b, d = rotate<V, 16>(d ^ a);
  c += d, b = rotate<V, 12>(b ^ c);
  a += b, d = rotate<V, 8>(d ^ a);
  c += d, b = rotate<V, 7>(b ^ c);
}

// The state of blocks counter ... counter + lanes - 1: constants, key, 64-bit counter, 64-bit nonce.
template <class V>
inline State<V> initial_state(const std::uint32_t* key, std::uint64_t nonce, std::uint64_t counter) {
  constexpr std::uint32_t kSigma[] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
  State<V> x;
  const auto all = [](std::uint64_t word) { return V{} + static_cast<std::uint32_t>(word); };
  for (std::size_t i = 0; i < 4; ++i) x[i] = all(kSigma[i]);
  for (std::size_t i = 0; i < 8; ++i) x[4 + i] = all(key[i]);
  V lane;
  for (std::size_t i = 0; i < kLanes<V>; ++i) lane[i] = static_cast<std::uint32_t>(i);
  x[12] = all(counter) + lane;
  x[13] = all(counter >> 32) - static_cast<V>(x[12] < lane);  // a true comparison is -1: the carry
  x[14] = all(nonce);
  x[15] = all(nonce >> 32);
  return x;
}

template <class V>
inline State<V> blocks_of(const State<V>& start) {
  State<V> x = start;
  for (int round = 0; round < 20; round += 2) {
    for (std::size_t i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
    for (std::size_t i = 0; i < 4; ++i) {
      quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
  }
  for (std::size_t i = 0; i < 16; ++i) x[i] += start[i];
  return x;
}

/// `store(state, bytes)` writes the lanes as consecutive blocks.
template <class V, class Store>
inline void keystream(const Seed& key, std::uint64_t nonce, std::uint64_t counter, std::uint8_t* out,
                      std::size_t blocks, const Store& store) {
  std::uint32_t words[8];
  std::memcpy(words, key.data(), sizeof words);
  for (; blocks >= kLanes<V>; blocks -= kLanes<V>, counter += kLanes<V>, out += 64 * kLanes<V>) {
    store(blocks_of(initial_state<V>(words, nonce, counter)), out);
  }
  if (blocks != 0) {
    alignas(64) std::uint8_t rest[64 * kLanes<V>];
    store(blocks_of(initial_state<V>(words, nonce, counter)), rest);
    std::memcpy(out, rest, 64 * blocks);
    sodium_memzero(rest, sizeof rest);
  }
  sodium_memzero(words, sizeof words);
}

}  // namespace
}  // namespace obscura::ring
