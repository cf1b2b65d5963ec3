// Words of any width by one loop. WebAssembly has this one for all widths: those of wire_pack.cpp, one a width, are
// quicker and take forty times as much code, which a browser has to load.
#include <bit>
#include <cstring>

#include "ckks/wire_pack.h"

namespace obscura::ckks {
namespace {

static_assert(std::endian::native == std::endian::little, "words are copied as they stand in memory");

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

/// Eight bytes from `at` on, zeros behind the last.
inline std::uint64_t eight_bytes(const std::uint8_t* bytes, std::size_t at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes + at, size - at < sizeof word ? size - at : sizeof word);
  return word;
}

}  // namespace

bool pack_any(const std::uint64_t* words, std::size_t count, int width, std::uint64_t limit, std::uint8_t* bytes) {
  std::uint64_t bad = 0, out = 0;
  int filled = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t v = words[i];
    bad |= v | (limit - 1 - v);
    out |= v << filled;
    filled += width;
    if (filled < 64) continue;
    std::memcpy(bytes, &out, sizeof out);
    bytes += sizeof out;
    filled -= 64;
    out = filled == 0 ? 0 : v >> (width - filled);
  }
  std::memcpy(bytes, &out, static_cast<std::size_t>(filled + 7) / 8);
  return !(bad & kSign);
}

bool unpack_any(const std::uint8_t* bytes, std::size_t count, int width, std::uint64_t limit, std::uint64_t* words) {
  const std::size_t size = packed_bytes(count, width), bits = count * static_cast<std::size_t>(width);
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  std::uint64_t bad = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * static_cast<std::size_t>(width), byte = at / 8;
    const int shift = static_cast<int>(at % 8);
    std::uint64_t v = eight_bytes(bytes, byte, size) >> shift;
    if (shift + width > 64) v |= std::uint64_t{bytes[byte + 8]} << (64 - shift);
    words[i] = v & mask;
    bad |= limit - 1 - words[i];
  }
  const bool filled_with_zeros = bits % 8 == 0 || bytes[size - 1] >> (bits % 8) == 0;
  return filled_with_zeros && !(bad & kSign);
}

#if defined(__wasm__)
bool pack_words(const std::uint64_t* words, std::size_t count, int width, std::uint64_t limit, std::uint8_t* bytes) {
  return pack_any(words, count, width, limit, bytes);
}

bool unpack_words(const std::uint8_t* bytes, std::size_t count, int width, std::uint64_t limit, std::uint64_t* words) {
  return unpack_any(bytes, count, width, limit, words);
}
#endif

}  // namespace obscura::ckks
