#include "serve/http/target.h"

#include <cstdint>

#include "base/error.h"

namespace obscura::serve {

namespace {

constexpr std::size_t kMaxTarget = 4096;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) throw FormatError("the path has a '%' without two hex digits behind it");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!is_plain_text(out)) {
    throw FormatError("the path has control characters or bytes that are not UTF-8");
  }
  return out;
}

std::string path_part(std::string_view text) {
  std::string part = decode(text);
  if (part.empty() || part == "." || part == "..") {
    throw FormatError("the path has an empty part, '.' or '..': ask for a plain path");
  }
  if (part.find_first_of("/\\") != std::string::npos) throw FormatError("a part of the path has a slash in it");
  return part;
}

/// The bytes of the character that begins so; 0: none does.
std::size_t length_of(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

/// Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte (Unicode, table 3-7).
bool second_fits(std::uint8_t lead, std::uint8_t second) {
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xed) return second < 0xa0;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second < 0x90;
  return true;
}

}  // namespace

bool is_plain_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = length_of(lead);
    if (lead < 0x20 || lead == 0x7f || length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xc0) != 0x80 || (k == 1 && !second_fits(lead, next))) return false;
    }
    i += length;
  }
  return true;
}

Target parse_target(std::string_view text) {
  if (text.size() > kMaxTarget) throw FormatError("the path is longer than 4096 bytes");
  if (text.empty() || text[0] != '/') throw FormatError("the path must begin with '/': URLs as a whole are not taken");
  if (text.find_first_of(" #") != std::string_view::npos) throw FormatError("the path has a space or '#' in it");
  Target target;
  const std::size_t mark = text.find('?');
  std::string_view path = text.substr(1, mark == std::string_view::npos ? mark : mark - 1);
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    target.path.push_back(path_part(path.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) throw FormatError("the path has an empty part, '.' or '..': ask for a plain path");
  }
  std::string_view query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (!pair.empty()) {
      target.query.emplace_back(decode(pair.substr(0, equals)),
                                equals == std::string_view::npos ? "" : decode(pair.substr(equals + 1)));
    }
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return target;
}

}  // namespace obscura::serve
