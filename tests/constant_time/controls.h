#pragma once

#include <cstdint>
#include <span>

/// Functions that leak on purpose: the check has to find them.
namespace obscura::constant_time {

/// A branch on each byte.
unsigned branching(std::span<const std::uint8_t> secret);
/// An address of each byte.
unsigned indexing(std::span<const std::uint8_t> secret);
/// Neither.
unsigned even(std::span<const std::uint8_t> secret);

}  // namespace obscura::constant_time
