#include "cli/demo/demo_console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/environment.h"
#include "report/text.h"

namespace obscura::cli {
namespace {

/// The first of the three that is set decides, as for the C library.
bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment(name);
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

/// From black to white.
std::string ascii_cell(int top, int bottom) {
  constexpr std::string_view ramp = " .:-=+*#%@";
  return std::string(1, ramp[static_cast<std::size_t>((top + bottom) * 9 / 510)]);
}

/// Halves where the two pixels differ much, shades where they do not.
std::string block_cell(int top, int bottom) {
  if (std::abs(top - bottom) > 100) return top > bottom ? "▀" : "▄";
  const int mean = (top + bottom) / 2;
  if (mean < 32) return " ";
  if (mean < 96) return "░";
  if (mean < 160) return "▒";
  return mean < 224 ? "▓" : "█";
}

/// 256-colour terminals have 24 greys at 232 to 255, and black and white at 16 and 231.
int grey_colour(int value) {
  if (value < 4) return 16;
  if (value > 246) return 231;
  return 232 + std::clamp((value - 8 + 5) / 10, 0, 23);
}

/// Colours are said only where they change: a picture is mostly background.
std::string colour_line(const image::Image& grey, std::size_t y) {
  std::string line;
  int above = -1, below = -1;
  for (std::size_t x = 0; x < grey.width; ++x) {
    const int top = grey_colour(grey.at(y, x));
    const int bottom = grey_colour(y + 1 < grey.height ? grey.at(y + 1, x) : 0);
    if (top != above) line += fmt::format("\033[38;5;{}m", top);
    if (bottom != below) line += fmt::format("\033[48;5;{}m", bottom);
    line += "▀";
    above = top, below = bottom;
  }
  return line + "\033[0m";
}

}  // namespace

Glyphs terminal_glyphs() {
  if (::isatty(STDOUT_FILENO) == 0 || !utf8_locale()) return Glyphs::ascii;
  const bool plain = !environment("NO_COLOR").empty() || environment("TERM") == "dumb" || environment("TERM").empty();
  return plain ? Glyphs::blocks : Glyphs::colour;
}

std::vector<std::string> picture_lines(const image::Image& grey, Glyphs glyphs) {
  std::vector<std::string> lines;
  for (std::size_t y = 0; y < grey.height; y += 2) {
    if (glyphs == Glyphs::colour) {
      lines.push_back(colour_line(grey, y));
      continue;
    }
    std::string line;
    for (std::size_t x = 0; x < grey.width; ++x) {
      const int top = grey.at(y, x), bottom = y + 1 < grey.height ? grey.at(y + 1, x) : 0;
      line += glyphs == Glyphs::ascii ? ascii_cell(top, bottom) : block_cell(top, bottom);
    }
    lines.push_back(line);
  }
  return lines;
}

std::string bar(double share, std::size_t width, Glyphs glyphs) {
  const auto full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  std::string text;
  for (std::size_t i = 0; i < full; ++i) text += glyphs == Glyphs::ascii ? "#" : "█";
  return text;
}

std::string grouped(std::size_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

void Steps::begin(std::string_view label) const {
  fmt::print(out_, "  {:<54}", fmt::format("{} ...", label));
  std::fflush(out_);
}

void Steps::end(double seconds) const {
  fmt::print(out_, "{:>10}\n", report::duration_text(seconds));
  std::fflush(out_);
}

}  // namespace obscura::cli
