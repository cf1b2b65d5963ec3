#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace obscura::serve {

/// Which bytes of a file a piece is.
struct ContentRange {
  std::uint64_t first = 0, last = 0, total = 0;
};

/// "bytes 0-99/200" (RFC 9110, 14.4), the last byte included. Nothing: it is not of that form, or cannot be.
std::optional<ContentRange> parse_content_range(std::string_view text);

}  // namespace obscura::serve
