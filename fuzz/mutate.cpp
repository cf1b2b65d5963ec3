#include "fuzz/mutate.h"

#include <algorithm>
#include <array>

namespace obscura::fuzz {
namespace {

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

/// `bytes` is not empty.
std::size_t position(const Bytes& bytes, Random& random) {
  return random() % 2 != 0 ? below(random, bytes.size()) : below(random, std::min<std::size_t>(bytes.size(), 96));
}

void flip(Bytes& bytes, Random& random) {
  for (std::size_t n = 1 + below(random, 4); n > 0; --n) {
    bytes[position(bytes, random)] ^= static_cast<std::uint8_t>(1U << (random() % 8));
  }
}

void overwrite(Bytes& bytes, Random& random) {
  constexpr std::array<std::uint64_t, 10> kValues{
      0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x7ff0000000000000, ~std::uint64_t{0}};
  const std::uint64_t value = random() % 4 != 0 ? kValues[below(random, kValues.size())] : random();
  const std::size_t at = position(bytes, random), size = std::size_t{1} << (random() % 4);
  const bool big = random() % 4 == 0;
  for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (big ? size - 1 - i : i)));
  }
}

/// Adds or takes away a little of a number: counts that are nearly right.
void nudge(Bytes& bytes, Random& random) {
  bytes[position(bytes, random)] +=
      static_cast<std::uint8_t>(random() % 2 != 0 ? 1 + random() % 4 : 255 - random() % 4);
}

void cut(Bytes& bytes, Random& random) {
  const std::size_t at = position(bytes, random), size = std::min(bytes.size() - at, below(random, 48) + 1);
  const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  bytes.erase(from, from + static_cast<std::ptrdiff_t>(size));
}

/// A piece once more, elsewhere.
void copy_piece(Bytes& bytes, Random& random) {
  const std::size_t from = below(random, bytes.size()), size = std::min(bytes.size() - from, below(random, 64) + 1);
  const Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                    bytes.begin() + static_cast<std::ptrdiff_t>(from + size));
  const std::size_t to = position(bytes, random);
  if (random() % 2 != 0) {
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(to), piece.begin(), piece.end());
  } else {
    for (std::size_t i = 0; i < size && to + i < bytes.size(); ++i) bytes[to + i] = piece[i];
  }
}

}  // namespace

void change_bytes(Bytes& bytes, Random& random) {
  if (bytes.empty() || random() % 16 == 0) {
    for (std::size_t n = 1 + below(random, 40); n > 0; --n) bytes.push_back(static_cast<std::uint8_t>(random()));
    return;
  }
  switch (random() % 9) {
    case 0:
    case 1:
    case 2:
      return flip(bytes, random);
    case 3:
    case 4:
      return overwrite(bytes, random);
    case 5:
      return nudge(bytes, random);
    case 6:
      return cut(bytes, random);
    case 7:
      return copy_piece(bytes, random);
    default:
      bytes.resize(below(random, bytes.size()));
  }
}

}  // namespace obscura::fuzz
