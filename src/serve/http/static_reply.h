#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/http/reply.h"
#include "serve/http/request.h"

namespace obscura::serve {

/// What of a file was asked for.
struct WholeFile {};
struct FileRange {
  std::uint64_t first = 0, last = 0;  ///< both are sent
};
struct NoSuchRange {};
using RangeWanted = std::variant<WholeFile, FileRange, NoSuchRange>;

/// The value of a header field Range, for a file of `size` bytes (RFC 9110, 14.2). What is malformed, of another unit
/// or has several ranges is answered by the whole file.
RangeWanted parse_range(std::string_view value, std::uint64_t size);

/// Whether the header field If-None-Match (RFC 9110, 13.1.2) has `tag`, which stands without quotes.
bool matches_tag(std::string_view value, std::string_view tag);

/// What never changes under its address: a file or bytes with a strong entity tag. Answers GET and HEAD with all of it,
/// 304 where the client has it (If-None-Match), a part (Range, If-Range) or 416. Throws IoError where the file cannot
/// be opened.
Reply static_reply(const Request& request, const std::filesystem::path& file, const std::string& tag,
                   const std::string& type);
Reply static_reply(const Request& request, std::vector<std::uint8_t> bytes, const std::string& tag,
                   const std::string& type);

}  // namespace obscura::serve
