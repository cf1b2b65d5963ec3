#include "audit/randomness/linear_complexity.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "audit/randomness/special.h"
#include "base/error.h"

namespace obscura::randomness {
namespace {

/// A polynomial over GF(2), or a window of bits: coefficient i is bit i % 64 of word i / 64.
using Words = std::vector<std::uint64_t>;

/// Multiplies by x, of the lowest `used` words; what leaves the top one is lost.
void shift_up(Words& words, std::size_t used, std::uint64_t lowest) {
  std::uint64_t carry = lowest;
  for (std::size_t i = 0; i < used; ++i) {
    const std::uint64_t next = words[i] >> 63;
    words[i] = words[i] << 1 | carry;
    carry = next;
  }
}

}  // namespace

std::size_t shortest_register(const BitSequence& bits, std::size_t first, std::size_t count) {
  if (first > bits.size() || count > bits.size() - first) throw ParameterError("no such bits in the sequence");
  const std::size_t words = count / 64 + 1;
  // connection: C(x); before: x^m B(x) of the textbook, shifted as it goes; window: the bits so far, the last one
  // first.
  Words connection(words), before(words), window(words), saved(words);
  connection[0] = before[0] = 1;
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t used = i / 64 + 1;
    shift_up(window, used, bits[first + i] ? 1 : 0);
    shift_up(before, std::min(words, used + 1), 0);
    std::uint64_t sum = 0;
    for (std::size_t w = 0; w <= length / 64; ++w) sum ^= connection[w] & window[w];
    if (std::popcount(sum) % 2 == 0) continue;
    const bool longer = 2 * length <= i;
    if (longer) saved = connection;
    for (std::size_t w = 0; w < std::min(words, used + 1); ++w) connection[w] ^= before[w];
    if (longer) {
      length = i + 1 - length;
      std::swap(before, saved);
    }
  }
  return length;
}

Outcome linear_complexity(const BitSequence& bits, std::size_t block, LowestClass lowest) {
  if (block < 500 || block > 5000) throw ParameterError("a block of the linear complexity test has 500 to 5000 bits");
  const std::size_t blocks = bits.size() / block;
  if (bits.size() < 1'000'000 || blocks < 200) return not_applicable("needs 1,000,000 bits and 200 blocks");
  constexpr std::size_t kClasses = 7;
  const double m = static_cast<double>(block), sign = block % 2 == 0 ? 1 : -1;
  const double mean = m / 2 + (9 - sign) / 36 - (m / 3 + 2.0 / 9) * std::exp2(-m);
  std::array<double, kClasses> seen{};
  for (std::size_t b = 0; b < blocks; ++b) {
    const double t = sign * (static_cast<double>(shortest_register(bits, b * block, block)) - mean) + 2.0 / 9;
    // Classes are (-inf, -2.5], (-2.5, -1.5], ..., (2.5, inf).
    ++seen[static_cast<std::size_t>(std::clamp(std::ceil(t - 0.5) + 3, 0.0, 6.0))];
  }
  std::array<double, kClasses> chances{1.0 / 96, 1.0 / 32, 1.0 / 8, 1.0 / 2, 1.0 / 4, 1.0 / 16, 1.0 / 48};
  if (lowest == LowestClass::printed) {
    chances[0] = 0.01047;
    chances[6] = 0.020833;
  }
  return with_p(chi2_tail(kClasses - 1, chi2(seen, chances, static_cast<double>(blocks))));
}

}  // namespace obscura::randomness
