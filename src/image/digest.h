#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace obscura::image {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256(std::span<const std::uint8_t> bytes);

}  // namespace obscura::image
