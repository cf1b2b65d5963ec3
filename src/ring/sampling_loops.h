#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// The scalar sampling loops: the specification, and the tails of the vector ones. In an unnamed namespace, so that
/// each file compiles them for its own instruction set only.
namespace obscura::ring {
namespace {

constexpr std::uint64_t kBinomialHalf = (std::uint64_t{1} << 21) - 1;

// Eight bytes, little-endian.
inline std::uint64_t load_word(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, 8);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

inline std::size_t accept_loop(const std::uint8_t* bytes, std::size_t draws, std::size_t width, std::uint64_t mask,
                               std::uint64_t q, std::uint64_t* out, std::size_t room) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < draws && taken < room; ++i) {
    const std::uint64_t x = load_word(bytes + width * i) & mask;
    out[taken] = x;  // overwritten by the next if it is rejected
    taken += x < q ? 1 : 0;
  }
  return taken;
}

inline void binomial_loop(const std::uint8_t* bytes, std::size_t n, std::int8_t* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t x = load_word(bytes + 6 * i);
    // The two halves side by side, their ones counted by adding neighbours: no instruction that some processor lacks.
    std::uint64_t v = (x & kBinomialHalf) | ((x >> 21) & kBinomialHalf) << 32;
    v -= (v >> 1) & 0x5555555555555555;
    v = (v & 0x3333333333333333) + ((v >> 2) & 0x3333333333333333);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0F;
    v += v >> 8;
    v += v >> 16;
    out[i] = static_cast<std::int8_t>(static_cast<int>(v & 31) - static_cast<int>(v >> 32 & 31));
  }
}

inline void lift_loop(const std::int8_t* small, std::size_t n, std::uint64_t q, std::uint64_t* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t x = +small[i];
    out[i] = static_cast<std::uint64_t>(x) + (q & static_cast<std::uint64_t>(x >> 63));
  }
}

}  // namespace
}  // namespace obscura::ring
