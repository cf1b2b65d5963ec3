#include "ckks/wire_pack.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace obscura::ckks {
namespace {

static_assert(std::endian::native == std::endian::little, "words are copied as they stand in memory");

// Everything works on groups of eight words, which are exactly `W` bytes. A width is a template argument, so that all
// shifts are constants (the `% 64` only for the ones that never happen). The top bit of `bad` collects words that are
// not < limit: with limit <= 2^60 and word < 2^63, limit - 1 - word is negative for those and only those.
constexpr std::size_t kGroup = 8;
constexpr std::uint64_t kTopBit = std::uint64_t{1} << 63;

template <std::size_t W>
std::uint64_t pack_group(const std::uint64_t* words, std::uint64_t limit, std::uint8_t* bytes) {
  std::uint64_t bad = 0, out = 0;
  for (std::size_t i = 0; i < kGroup; ++i) {
    const std::size_t word = i * W / 64, shift = i * W % 64;
    const std::uint64_t v = words[i];
    bad |= v | (limit - 1 - v);
    out |= v << shift;
    if (shift + W < 64) continue;
    std::memcpy(bytes + word * 8, &out, 8);
    out = shift + W > 64 ? v >> ((64 - shift) % 64) : 0;
  }
  std::memcpy(bytes + W / 8 * 8, &out, W % 8);
  return bad;
}

template <std::size_t W>
bool pack(const std::uint64_t* words, std::size_t count, std::uint64_t limit, std::uint8_t* bytes) {
  const std::size_t groups = count / kGroup;
  std::uint64_t bad = 0;
  for (std::size_t g = 0; g < groups; ++g) bad |= pack_group<W>(words + g * kGroup, limit, bytes + g * W);
  if (const std::size_t rest = count % kGroup) {
    std::array<std::uint64_t, kGroup> last{};
    std::array<std::uint8_t, W> packed;
    std::memcpy(last.data(), words + groups * kGroup, rest * sizeof(std::uint64_t));
    bad |= pack_group<W>(last.data(), limit, packed.data());
    std::memcpy(bytes + groups * W, packed.data(), packed_bytes(rest, W));
  }
  return !(bad & kTopBit);
}

/// Reads up to 8 bytes behind the group.
template <std::size_t W>
std::uint64_t unpack_group(const std::uint8_t* bytes, std::uint64_t limit, std::uint64_t* words) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << W) - 1;
  std::uint64_t bad = 0;
  for (std::size_t i = 0; i < kGroup; ++i) {
    const std::size_t byte = i * W / 8, shift = i * W % 8;
    std::uint64_t v;
    std::memcpy(&v, bytes + byte, sizeof v);
    v >>= shift;
    if (shift + W > 64) v |= std::uint64_t{bytes[byte + 8]} << ((64 - shift) % 64);
    v &= kMask;
    words[i] = v;
    bad |= limit - 1 - v;
  }
  return bad;
}

template <std::size_t W>
bool unpack(const std::uint8_t* bytes, std::size_t count, std::uint64_t limit, std::uint64_t* words) {
  const std::size_t size = packed_bytes(count, W);
  std::size_t done = 0;  // groups
  std::uint64_t bad = 0;
  for (; (done + 1) * W + 8 <= size; ++done) bad |= unpack_group<W>(bytes + done * W, limit, words + done * kGroup);
  // The last ones by way of a buffer that may be read past their end.
  for (; done * kGroup < count; ++done) {
    std::array<std::uint8_t, W + 8> tail{};
    std::array<std::uint64_t, kGroup> last;
    const std::size_t rest = count - done * kGroup < kGroup ? count - done * kGroup : kGroup;
    std::memcpy(tail.data(), bytes + done * W, packed_bytes(rest, W));
    bad |= unpack_group<W>(tail.data(), limit, last.data());
    std::memcpy(words + done * kGroup, last.data(), rest * sizeof(std::uint64_t));
    for (std::size_t i = rest; i < kGroup; ++i) bad |= std::uint64_t{last[i] != 0} << 63;
  }
  return !(bad & kTopBit);
}

using Pack = bool (*)(const std::uint64_t*, std::size_t, std::uint64_t, std::uint8_t*);
using Unpack = bool (*)(const std::uint8_t*, std::size_t, std::uint64_t, std::uint64_t*);

template <std::size_t... I>
constexpr std::array<Pack, sizeof...(I)> pack_table(std::index_sequence<I...>) {
  return {&pack<I + 1>...};
}

template <std::size_t... I>
constexpr std::array<Unpack, sizeof...(I)> unpack_table(std::index_sequence<I...>) {
  return {&unpack<I + 1>...};
}

constexpr auto kPack = pack_table(std::make_index_sequence<kMaxWidth>{});
constexpr auto kUnpack = unpack_table(std::make_index_sequence<kMaxWidth>{});

}  // namespace

bool pack_words(const std::uint64_t* words, std::size_t count, int width, std::uint64_t limit, std::uint8_t* bytes) {
  return kPack[static_cast<std::size_t>(width - 1)](words, count, limit, bytes);
}

bool unpack_words(const std::uint8_t* bytes, std::size_t count, int width, std::uint64_t limit, std::uint64_t* words) {
  return kUnpack[static_cast<std::size_t>(width - 1)](bytes, count, limit, words);
}

}  // namespace obscura::ckks
