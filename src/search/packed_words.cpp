#include "search/packed_words.h"

namespace obscura::search {

void put_packed(ByteWriter& out, std::span<const std::uint32_t> words, int bits) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve((words.size() * static_cast<std::size_t>(bits) + 7) / 8);
  std::uint64_t held = 0;
  int count = 0;
  for (const std::uint32_t word : words) {
    held |= static_cast<std::uint64_t>(word) << count;
    for (count += bits; count >= 8; count -= 8, held >>= 8) bytes.push_back(static_cast<std::uint8_t>(held));
  }
  if (count > 0) bytes.push_back(static_cast<std::uint8_t>(held));
  out.raw(bytes);
}

std::vector<std::uint32_t> get_packed(ByteReader& in, std::size_t count, int bits) {
  const auto bytes = in.raw((count * static_cast<std::size_t>(bits) + 7) / 8);
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::vector<std::uint32_t> words;
  words.reserve(count);
  std::uint64_t held = 0;
  int have = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (; have < bits; have += 8) held |= static_cast<std::uint64_t>(bytes[at++]) << have;
    words.push_back(static_cast<std::uint32_t>(held & mask));
    held >>= bits;
    have -= bits;
  }
  if (held != 0) in.fail("has bits behind its last word");
  return words;
}

}  // namespace obscura::search
