#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// How the report writes numbers, and how foreign text gets into HTML and Markdown.
namespace obscura::report {

/// Stands in a table where there is no number.
inline constexpr const char* kNothing = "-";

/// For HTML and SVG, as content and in quoted attributes. What is no UTF-8 or no printable character becomes '?'.
std::string escape_html(std::string_view text);
/// For a cell of a Markdown table or a line of text: nothing in it is markup, nothing ends the line or the cell.
std::string escape_markdown(std::string_view text);

/// For data inside a page: RFC 4648, with padding.
std::string base64(std::span<const std::uint8_t> bytes);

/// "98.32 %" of 0.9832; kNothing for what is not a number, as everywhere below.
std::string percent_text(double share);
/// "+0.31" (percentage points between two shares).
std::string points_text(double share, double reference);
/// "0.9832".
std::string share_text(double share);
/// "5 h 53 min 8 s", "2 min 3 s", "4.21 s", "12.3 ms", "850 us".
std::string span_text(double seconds);
/// "3,012 x" from 10 on, "2.4 x" below.
std::string factor_text(double factor);
/// "182 bytes", "182.3 KB", "19.2 MB", "1.25 GB": powers of ten.
std::string size_text(double bytes);
/// The same of a whole number, to two digits from a million on: "182 bytes", "182.3 KB", "19.20 MB".
std::string bytes_text(std::size_t bytes);
/// "850.0 us", "12.30 ms", "4.56 s".
std::string duration_text(double seconds);
/// "1.2e-05".
std::string small_text(double value);
/// "10,000".
std::string count_text(double count);
/// With that many digits behind the point.
std::string fixed_text(double value, int digits);

}  // namespace obscura::report
