#include "serve/http/framing.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace obscura::serve {

namespace {

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::uint64_t length_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !digits || error != std::errc() || end != text.data() + text.size()) {
    throw FormatError("Content-Length must be one number of bytes");
  }
  return value;
}

void check_fields(const Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (!is_token(name)) throw FormatError("a header field has a name with characters that names must not have");
    if (!is_value(value)) throw FormatError("a header field has a control character in its value");
  }
}

}  // namespace

void check_framing(Request& request, bool http_1_0) {
  if (!is_token(request.method)) throw FormatError("the method has characters that methods must not have");
  check_fields(request.headers);
  const std::size_t hosts = request.headers.count("Host");
  if (hosts > 1 || (hosts == 0 && !http_1_0)) throw FormatError("there must be one header field Host");
  const std::size_t lengths = request.headers.count("Content-Length");
  const std::size_t encodings = request.headers.count("Transfer-Encoding");
  if (lengths > 1) throw FormatError("Content-Length stands there more than once");
  if (lengths > 0 && encodings > 0) throw FormatError("Content-Length and Transfer-Encoding must not stand together");
  if (encodings > 0) {
    const std::string_view encoding = *request.headers.get("Transfer-Encoding");
    if (encodings > 1 || http_1_0 || !equal_ignoring_case(encoding, "chunked")) {
      throw FormatError("Transfer-Encoding must be 'chunked' alone, once, under HTTP/1.1");
    }
    request.chunked = true;
  }
  if (lengths > 0) request.content_length = length_in(*request.headers.get("Content-Length"));
}

bool fills_header(std::string_view header, std::span<const FieldView> fields) {
  constexpr std::string_view kEnd("\0\0", 2);
  const char* at = header.data();
  const char* const end = header.data() + header.size();
  const auto ended = [&] {
    const bool there = end - at >= 2 && std::string_view(at, 2) == kEnd;
    at += 2;
    return there;
  };
  if (!ended()) return false;
  for (const auto& [name, value] : fields) {
    if (name.data() != at) return false;
    at += name.size();
    if (at >= end || *at++ != 0) return false;
    while (at < end && (*at == ' ' || *at == '\t')) ++at;
    if (value.data() != at || value.size() > static_cast<std::size_t>(end - at)) return false;
    at += value.size();
    if (!ended()) return false;
  }
  return ended() && at == end;
}

}  // namespace obscura::serve
