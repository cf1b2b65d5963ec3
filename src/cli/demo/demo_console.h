#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/stopwatch.h"
#include "image/image.h"

namespace obscura::cli {

/// How pictures are shown: ascii (one character for two pixels), blocks (Unicode half blocks and shades), colour (half
/// blocks in two greys each, by the 256 colours that terminals agree on).
enum class Glyphs { ascii, blocks, colour };

/// What standard output can show: ascii unless it is a UTF-8 terminal; NO_COLOR and TERM=dumb are heeded.
Glyphs terminal_glyphs();

/// A grey picture as lines of text, two rows of pixels a line, one column a character.
std::vector<std::string> picture_lines(const image::Image& grey, Glyphs glyphs);

/// A bar of up to `width` characters for a share of 0 to 1.
std::string bar(double share, std::size_t width, Glyphs glyphs);

/// 4096 as "4,096".
std::string grouped(std::size_t count);

/// Says what is being done before it is done and how long it took after, so that nothing slow is silent.
class Steps {
 public:
  explicit Steps(std::FILE* out) : out_(out) {}

  template <typename Body>
  double operator()(std::string_view label, Body&& body) const {
    begin(label);
    const Stopwatch watch;
    body();
    const double seconds = watch.seconds();
    end(seconds);
    return seconds;
  }

 private:
  void begin(std::string_view label) const;
  void end(double seconds) const;

  std::FILE* out_;
};

}  // namespace obscura::cli
