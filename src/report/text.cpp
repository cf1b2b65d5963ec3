#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace obscura::report {
namespace {

/// Bytes of the well-formed UTF-8 character at `at`, 0 if there is none. Control characters are not well-formed here.
std::size_t character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(at);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (lead < 0xc2 || length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  }
  const std::uint8_t second = byte(at + 1);
  // C1 controls, overlong forms, surrogates and what is beyond Unicode.
  const bool bad = (lead == 0xc2 && second < 0xa0) || (lead == 0xe0 && second < 0xa0) ||
                   (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) ||
                   (lead == 0xf4 && second >= 0x90);
  return bad ? 0 : length;
}

template <typename Replace>
std::string escape(std::string_view text, Replace replace) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character(text, at);
    if (length == 0) {
      result += text[at] == '\n' || text[at] == '\t' ? ' ' : '?';
    } else if (length == 1) {
      replace(result, text[at]);
    } else {
      result += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

std::string grouped_digits(double count) {
  const std::string digits = fmt::format("{:.0f}", std::abs(count));
  std::string text;
  if (count <= -0.5) text.push_back('-');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

/// Hours, minutes, seconds; nothing smaller.
std::string long_span(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::min(seconds, 1e12)));
  const std::uint64_t h = whole / 3600, min = whole / 60 % 60, s = whole % 60;
  std::string text = h > 0 ? fmt::format("{} h", h) : "";
  if (min > 0) text += fmt::format("{}{} min", text.empty() ? "" : " ", min);
  if (s > 0) text += fmt::format("{}{} s", text.empty() ? "" : " ", s);
  return text;
}

}  // namespace

std::string escape_html(std::string_view text) {
  return escape(text, [](std::string& out, char c) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  });
}

std::string escape_markdown(std::string_view text) {
  return escape(text, [](std::string& out, char c) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#~!").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  });
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      out.push_back(i + k <= bytes.size() ? kLetters[group >> (18 - 6 * k) & 63] : '=');
    }
  }
  return out;
}

std::string percent_text(double share) {
  return std::isfinite(share) ? fmt::format("{:.2f} %", 100 * share) : kNothing;
}

std::string points_text(double share, double reference) {
  const double points = 100 * (share - reference);
  if (!std::isfinite(points)) return kNothing;
  return std::abs(points) < 0.005 ? "0.00" : fmt::format("{:+.2f}", points);
}

std::string share_text(double share) {
  return fixed_text(share, 4);
}

std::string span_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return kNothing;
  if (seconds >= 99.5) return long_span(seconds);
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.0f} us", seconds * 1e6);
}

std::string factor_text(double factor) {
  if (!std::isfinite(factor) || factor <= 0) return kNothing;
  return factor >= 10 ? fmt::format("{} x", grouped_digits(factor)) : fmt::format("{:.2g} x", factor);
}

std::string size_text(double bytes) {
  if (!std::isfinite(bytes) || bytes < 0) return kNothing;
  if (bytes < 1e3) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} KB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string bytes_text(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  if (bytes < 1000000) return fmt::format("{:.1f} KB", value / 1e3);
  return fmt::format("{:.2f} MB", value / 1e6);
}

std::string duration_text(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.1f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string small_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.1e}", value) : kNothing;
}

std::string count_text(double count) {
  return std::isfinite(count) ? grouped_digits(count) : kNothing;
}

std::string fixed_text(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : kNothing;
}

}  // namespace obscura::report
