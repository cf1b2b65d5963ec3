#pragma once

#include <fmt/format.h>

#include <string>

#include "report/text.h"

/// Internal to src/report: elements of SVG. Coordinates are those of the viewBox.
namespace obscura::report {

inline std::string text_at(double x, double y, const char* classes, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>", x, y, classes, escape_html(words));
}

inline std::string begin_svg(double width, double height, const std::string& title) {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\"><title>{}</title>", width, height,
                     escape_html(title));
}

}  // namespace obscura::report
