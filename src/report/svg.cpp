#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/svg_parts.h"
#include "report/text.h"

namespace obscura::report {
namespace {

constexpr std::size_t kMostClasses = 30;  ///< a picture of more has cells too small to read
constexpr std::size_t kRowLetters = 12, kColumnLetters = 5;

std::string rect_at(double x, double y, double width, double height, const char* classes) {
  return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\"/>", x, y, width,
                     height, classes);
}

/// The first letters of a name: whole UTF-8 characters.
std::string shortened(const std::string& name, std::size_t most) {
  std::size_t letters = 0;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(name[at]) & 0xc0) != 0x80;
    if (starts && ++letters > most) return name.substr(0, at);
  }
  return name;
}

std::string class_name(const Matrix& matrix, std::size_t c, std::size_t most) {
  return shortened(c < matrix.classes.size() ? matrix.classes[c] : std::to_string(c), most);
}

struct MatrixLayout {
  double left = 0, top = 26, cell = 30, f1 = 46;
};

/// Mistakes are few: their square root makes them visible.
double strength(std::size_t count, std::size_t row) {
  if (count == 0 || row == 0) return 0;
  return std::min(1.0, 0.12 + 0.88 * std::sqrt(static_cast<double>(count) / static_cast<double>(row)));
}

std::string matrix_cell(const MatrixLayout& at, std::size_t row, std::size_t column, std::size_t count,
                        std::size_t sum) {
  const double x = at.left + at.cell * static_cast<double>(column), y = at.top + at.cell * static_cast<double>(row);
  const bool right = row == column;
  const double full = strength(count, sum);
  std::string svg = fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\" fill-opacity=\"{:.2f}\"/>", x, y,
      at.cell - 1, at.cell - 1,
      count == 0 ? "c0"
      : right    ? "cr"
                 : "cw",
      count == 0 ? 1 : full);
  if (count > 0) {
    svg += text_at(x + (at.cell - 1) / 2, y + at.cell / 2 + 3.5, full > 0.55 ? "mid on num" : "mid num",
                   std::to_string(count));
  }
  return svg;
}

std::string matrix_row(const Matrix& matrix, const MatrixLayout& at, std::size_t row) {
  const auto& counts = matrix.counts[row];
  const std::size_t sum = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  const double middle = at.top + at.cell * static_cast<double>(row) + at.cell / 2 + 4;
  std::string svg = text_at(at.left - 6, middle, "end", class_name(matrix, row, kRowLetters));
  for (std::size_t column = 0; column < counts.size(); ++column) {
    svg += matrix_cell(at, row, column, counts[column], sum);
  }
  if (row < matrix.f1.size()) {
    const double right = at.left + at.cell * static_cast<double>(counts.size()) + at.f1 - 4;
    svg += text_at(right, middle, "end num", fixed_text(matrix.f1[row], 3));
  }
  return svg;
}

/// "1e-6" for powers below a thousandth.
std::string power_text(int exponent) {
  return exponent >= -2 && exponent <= 2 ? fmt::format("{:g}", std::pow(10.0, exponent))
                                         : fmt::format("1e{}", exponent);
}

/// From the first to the last power of ten in which something was counted; empty if nothing was.
Histogram without_empty_decades(const Histogram& whole) {
  Histogram part = whole;
  const auto counted = [](std::size_t count) { return count > 0; };
  const auto from = std::find_if(whole.counts.begin(), whole.counts.end(), counted);
  if (from == whole.counts.end() || whole.per_decade < 1) return {whole.title, 0, 1, {}};
  const auto bins = static_cast<std::ptrdiff_t>(whole.per_decade);
  const std::ptrdiff_t first = (from - whole.counts.begin()) / bins;
  const auto last_from_end = std::find_if(whole.counts.rbegin(), whole.counts.rend(), counted);
  const auto end = (whole.counts.rend() - last_from_end + bins - 1) / bins * bins;
  part.first = whole.first + static_cast<double>(first);
  part.counts.assign(whole.counts.begin() + first * bins,
                     whole.counts.begin() + std::min(end, static_cast<std::ptrdiff_t>(whole.counts.size())));
  return part;
}

/// Times of a comparison in powers of ten that hold all of them.
struct TimeAxis {
  int low = 0, high = 1;
  double left = 0, width = 0;
  double at(double seconds) const {
    const double share = (std::log10(std::max(seconds, 1e-9)) - low) / (high - low);
    return left + width * std::clamp(share, 0.0, 1.0);
  }
};

TimeAxis time_axis(const Comparison& comparison, double left, double width) {
  double least = 1e9, most = 1e-9;
  for (const auto& pair : comparison.pairs) {
    for (const double seconds : {pair.reference, pair.own}) {
      if (!(seconds > 0) || !std::isfinite(seconds)) continue;
      least = std::min(least, seconds), most = std::max(most, seconds);
    }
  }
  TimeAxis axis{0, 1, left, width};
  if (least > most) return axis;
  axis.low = static_cast<int>(std::floor(std::log10(least)));
  if (std::log10(least) - axis.low < 0.15) --axis.low;  // the shortest bar is seen, too
  axis.high = std::max(static_cast<int>(std::ceil(std::log10(most))), axis.low + 1);
  return axis;
}

std::string time_grid(const TimeAxis& axis, double top, double bottom) {
  std::string svg;
  for (int power = axis.low; power <= axis.high; ++power) {
    const double seconds = std::pow(10.0, power), x = axis.at(seconds);
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" class=\"grid\"/>", x, top, bottom);
    svg += text_at(x, bottom + 14, "mid soft",
                   power <= 3 ? power_text(power) + " s" : fmt::format("{} s", count_text(seconds)));
  }
  return svg;
}

std::string time_bar(const TimeAxis& axis, double y, double seconds, const char* classes) {
  if (!(seconds > 0) || !std::isfinite(seconds)) return text_at(axis.left + 4, y + 10, "soft", "not measured");
  const double end = axis.at(seconds);
  return rect_at(axis.left, y, std::max(end - axis.left, 1.0), 12, classes) +
         text_at(end + 5, y + 10, "num", span_text(seconds));
}

}  // namespace

std::string matrix_svg(const Matrix& matrix) {
  const std::size_t classes = matrix.counts.size();
  if (classes == 0 || classes > kMostClasses) return "";
  std::size_t letters = 2;
  for (std::size_t c = 0; c < classes; ++c) letters = std::max(letters, class_name(matrix, c, kRowLetters).size());
  MatrixLayout at;
  at.left = 14 + 6.6 * static_cast<double>(letters);
  const double side = at.cell * static_cast<double>(classes);
  std::string svg = begin_svg(at.left + side + at.f1, at.top + side + 18, matrix.title);
  svg += text_at(at.left + side + at.f1 - 4, at.top - 8, "end soft", "F1");
  for (std::size_t c = 0; c < classes; ++c) {
    svg += text_at(at.left + at.cell * (static_cast<double>(c) + 0.5), at.top - 8, "mid small",
                   class_name(matrix, c, kColumnLetters));
  }
  for (std::size_t row = 0; row < classes; ++row) svg += matrix_row(matrix, at, row);
  return svg + text_at(at.left + side / 2, at.top + side + 13, "mid soft", "predicted (rows: what it is)") + "</svg>";
}

std::string histogram_svg(const Histogram& whole) {
  const Histogram histogram = without_empty_decades(whole);
  if (histogram.counts.empty()) return "";
  const double left = 12, top = 12, bottom = 132, width = 396;
  const double step = width / static_cast<double>(histogram.counts.size());
  const auto most = static_cast<double>(*std::max_element(histogram.counts.begin(), histogram.counts.end()));
  std::string svg = begin_svg(left + width + 8, bottom + 34, histogram.title);
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    const double x = left + step * static_cast<double>(i);
    const auto count = static_cast<double>(histogram.counts[i]);
    if (i % static_cast<std::size_t>(histogram.per_decade) == 0) {
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" class=\"grid\"/>", x, top, bottom);
      const int power = static_cast<int>(std::lround(histogram.first)) + static_cast<int>(i) / histogram.per_decade;
      svg += text_at(x, bottom + 14, "mid small", power_text(power));
    }
    if (count == 0) continue;
    // One among millions still shows.
    const double height = std::max((bottom - top) * count / most, 1.0);
    svg += rect_at(x + 0.5, bottom - height, std::max(step - 1, 0.5), height, "bar");
  }
  svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" class=\"axis\"/>", left, bottom, left + width);
  return svg + text_at(left + width / 2, bottom + 29, "mid soft", "size of the difference of a logit") + "</svg>";
}

std::string comparison_svg(const Comparison& comparison) {
  if (comparison.pairs.empty()) return "";
  std::size_t letters = 4;
  for (const auto& pair : comparison.pairs) letters = std::max(letters, pair.name.size());
  const double left = 14 + 6.4 * static_cast<double>(std::min<std::size_t>(letters, 44)), top = 30, each = 36;
  const double bottom = top + each * static_cast<double>(comparison.pairs.size());
  const TimeAxis axis = time_axis(comparison, left, 480);
  std::string svg = begin_svg(left + 480 + 110, bottom + 20, comparison.title);
  svg += rect_at(left, 8, 12, 12, "ref") + text_at(left + 17, 18, "", comparison.reference);
  svg += rect_at(left + 150, 8, 12, 12, "bar") + text_at(left + 167, 18, "", comparison.own);
  svg += time_grid(axis, top, bottom);
  for (std::size_t i = 0; i < comparison.pairs.size(); ++i) {
    const auto& pair = comparison.pairs[i];
    const double y = top + each * static_cast<double>(i) + 4;
    svg += text_at(left - 6, y + 17, "end", pair.name);
    svg += time_bar(axis, y, pair.reference, "ref") + time_bar(axis, y + 14, pair.own, "bar");
  }
  return svg + "</svg>";
}

std::string bars_svg(const Bars& bars) {
  if (bars.bars.empty()) return "";
  // Pictures on one page are of one scale unless their names are very long.
  std::size_t letters = 42;
  for (const auto& bar : bars.bars) letters = std::max(letters, bar.name.size());
  const double left = 14 + 6.4 * static_cast<double>(std::min<std::size_t>(letters, 60)), width = 400, each = 22;
  const double top = 6, bottom = top + each * static_cast<double>(bars.bars.size());
  std::string svg = begin_svg(left + width + 70, bottom + 20, bars.title);
  for (int percent = 0; percent <= 100; percent += 20) {
    const double x = left + width * percent / 100;
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" class=\"grid\"/>", x, top, bottom);
    svg += text_at(x, bottom + 14, "mid soft", fmt::format("{} %", percent));
  }
  for (std::size_t i = 0; i < bars.bars.size(); ++i) {
    const double y = top + each * static_cast<double>(i) + 4, share = bars.bars[i].share;
    svg += text_at(left - 6, y + 11, "end", shortened(bars.bars[i].name, 60));
    if (std::isfinite(share)) svg += rect_at(left, y, width * std::clamp(share, 0.0, 1.0), 14, "bar");
    const double end = std::isfinite(share) ? left + width * std::clamp(share, 0.0, 1.0) : left;
    svg += text_at(end + 5, y + 11, "num", std::isfinite(share) ? percent_text(share) : "not measured");
  }
  return svg + "</svg>";
}

}  // namespace obscura::report
