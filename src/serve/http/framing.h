#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "serve/http/request.h"

namespace obscura::serve {

/// One field where it stands in the bytes that came: the name, and the value without the spaces around it.
using FieldView = std::pair<std::string_view, std::string_view>;

/// Where the body of a request ends must be beyond doubt, or a proxy and we could take different bytes for the next
/// request (request smuggling, RFC 9112, 11.2). Sets request.content_length and request.chunked from its headers.
/// Throws FormatError where there is a doubt: Content-Length more than once, or beside Transfer-Encoding, or not a
/// plain number; Transfer-Encoding more than once, other than "chunked" alone, or under HTTP/1.0; a Host that is
/// missing or there twice; names or values with characters that they must not have.
void check_framing(Request& request, bool http_1_0);

/// libmicrohttpd 0.9.75 parses a header in its place: it puts zeros over ends of lines and the colons behind names. It
/// takes lines that go on in the next one, ends without a carriage return, and zeros within values, and then shows what
/// it made of them. This is whether the fields fill `header` (from the end of the version to the end of the header)
/// without a gap, which is so of none of these.
bool fills_header(std::string_view header, std::span<const FieldView> fields);

}  // namespace obscura::serve
