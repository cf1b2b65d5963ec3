#include "constant_time/controls.h"

#include <array>

namespace obscura::constant_time {
namespace {

/// What the optimiser can neither leave out nor turn into arithmetic.
volatile unsigned taken = 0;

}  // namespace

unsigned branching(std::span<const std::uint8_t> secret) {
  for (const std::uint8_t byte : secret) {
    if (byte > 127) taken = taken + 1;
  }
  return taken;
}

unsigned indexing(std::span<const std::uint8_t> secret) {
  static const auto table = [] {
    std::array<std::uint8_t, 256> made{};
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::uint8_t>(7 * i * i);
    return made;
  }();
  unsigned sum = 0;
  for (const std::uint8_t byte : secret) sum += table[byte];
  return sum;
}

unsigned even(std::span<const std::uint8_t> secret) {
  unsigned sum = 0;
  for (const std::uint8_t byte : secret) sum += byte & (0u - (byte >> 7));
  return sum;
}

}  // namespace obscura::constant_time
