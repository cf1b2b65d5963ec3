// Lines and points over two axes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/svg.h"
#include "report/svg_parts.h"
#include "report/text.h"

namespace obscura::report {
namespace {

constexpr std::size_t kColours = 7;  ///< classes s0 to s6 of the page's style
constexpr double kLeft = 52, kTop = 14, kWidth = 440, kHeight = 300, kLegend = 260;

/// Where values of one axis lie in the picture.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  double at(double value) const { return from + (to - from) * std::clamp((value - low) / (high - low), 0.0, 1.0); }
};

Axis axis_of(double low, double high, double from, double to) {
  return {low, high > low ? high : low + 1, from, to};
}

/// 1, 2 or 5 times a power of ten, some five of which fill the axis.
double tick_step(const Axis& axis) {
  const double rough = (axis.high - axis.low) / 5, power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (rough <= times * power * 1.0001) return times * power;
  }
  return 10 * power;
}

std::string tick_text(const Plot& plot, double value) {
  return plot.percent ? fmt::format("{:g} %", std::round(1e6 * value) / 1e4) : fmt::format("{:g}", value);
}

std::string grid_svg(const Plot& plot, const Axis& x, const Axis& y) {
  std::string svg;
  const double step = plot.counts ? std::max(1.0, tick_step(x)) : tick_step(x);
  for (double v = std::ceil(x.low / step) * step; v <= x.high + 1e-9; v += step) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" class=\"grid\"/>", x.at(v), y.from, y.to);
    svg += text_at(x.at(v), y.from + 14, "mid small", tick_text(plot, v));
  }
  for (double v = std::ceil(y.low / tick_step(y)) * tick_step(y); v <= y.high + 1e-9; v += tick_step(y)) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" class=\"grid\"/>", x.from, y.at(v), x.to);
    svg += text_at(x.from - 6, y.at(v) + 4, "end small", tick_text(plot, v));
  }
  svg += text_at((x.from + x.to) / 2, y.from + 32, "mid soft", plot.x_title);
  return svg + text_at(4, kTop - 3, "soft", plot.y_title);
}

/// Shapes differ as well as colours.
std::string marker_svg(std::size_t series, double x, double y) {
  const double r = 4.2;
  switch (series % 4) {
    case 0:
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"dot\"/>", x, y, r);
    case 1:
      return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"7.4\" height=\"7.4\" class=\"dot\"/>", x - 3.7,
                         y - 3.7);
    case 2:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l5 9h-10z\" class=\"dot\"/>", x, y - 5.5);
    default:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l5.2 5.2l-5.2 5.2l-5.2 -5.2z\" class=\"dot\"/>", x, y - 5.2);
  }
}

std::string points_svg(const Plot::Series& series, std::size_t number, const Axis& x, const Axis& y) {
  std::string line, svg;
  for (const auto& point : series.points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    const double px = x.at(point.x), py = y.at(point.y);
    line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? "M" : "L", px, py);
    if (std::isfinite(point.low) && std::isfinite(point.high)) {
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" class=\"span\"/>", px, y.at(point.low), y.at(point.high));
    }
    svg += fmt::format("<g><title>{}</title>{}</g>", escape_html(point.name), marker_svg(number, px, py));
  }
  if (series.joined && !line.empty()) svg = fmt::format("<path d=\"{}\" class=\"line\"/>", line) + svg;
  return fmt::format("<g class=\"s{}\">{}</g>", number % kColours, svg);
}

std::string legend_svg(const Plot& plot) {
  std::string svg;
  const double left = kLeft + kWidth + 24;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const double y = kTop + 10 + 20 * static_cast<double>(i);
    svg += fmt::format("<g class=\"s{}\">{}</g>", i % kColours, marker_svg(i, left, y));
    svg += text_at(left + 12, y + 4, "", plot.series[i].name);
  }
  return svg;
}

}  // namespace

std::string plot_svg(const Plot& plot) {
  if (plot.series.empty() && plot.levels.empty()) return "";
  const Axis x = axis_of(plot.x_low, plot.x_high, kLeft, kLeft + kWidth);
  const Axis y = axis_of(plot.y_low, plot.y_high, kTop + 8 + kHeight, kTop + 8);
  std::string svg = begin_svg(kLeft + kWidth + kLegend, kTop + kHeight + 48, plot.title);
  svg += grid_svg(plot, x, y);
  for (const auto& level : plot.levels) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" class=\"level\"/>", x.from, y.at(level.y), x.to);
    svg += text_at(x.to - 4, y.at(level.y) - 4, "end soft", level.name);
  }
  for (std::size_t i = 0; i < plot.series.size(); ++i) svg += points_svg(plot.series[i], i, x, y);
  return svg + legend_svg(plot) + "</svg>";
}

}  // namespace obscura::report
