#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obscura::serve {

/// RFC 4648, 4: the alphabet with + and /, padded.
std::string to_base64(std::span<const std::uint8_t> bytes);
/// Nothing: it is not base64.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace obscura::serve
