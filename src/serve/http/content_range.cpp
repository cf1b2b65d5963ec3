#include "serve/http/content_range.h"

#include <charconv>

namespace obscura::serve {

namespace {

/// A number, and `end` behind it, taken off `text`.
std::optional<std::uint64_t> take(std::string_view& text, std::string_view end) {
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  if (text.substr(0, end.size()) != end) return std::nullopt;
  text.remove_prefix(end.size());
  return value;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (text.substr(0, kUnit.size()) != kUnit) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto first = take(text, "-");
  const auto last = first ? take(text, "/") : std::nullopt;
  const auto total = last ? take(text, "") : std::nullopt;
  if (!total || !text.empty() || *last < *first || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

}  // namespace obscura::serve
