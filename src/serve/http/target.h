#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obscura::serve {

/// What a request asks for.
struct Target {
  std::vector<std::string> path;  ///< the parts between slashes, decoded
  std::vector<std::pair<std::string, std::string>> query;
};

/// "/v2/models/a%20b?x=1" in its parts (RFC 3986). One slash at the end is as none. Throws FormatError for what is not
/// a plain path: of another form (a whole URL, "*"), with "." or ".." or nothing between two slashes, an escape that is
/// broken or hides a slash, a control character, bytes that are not UTF-8, or more than 4 KiB.
Target parse_target(std::string_view text);

/// Whether `text` is well-formed UTF-8 without control characters.
bool is_plain_text(std::string_view text);

}  // namespace obscura::serve
