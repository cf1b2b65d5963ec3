// The plots of the page for people.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "serve/http/status_page.h"

namespace obscura::serve {

namespace {

constexpr double kLeft = 56, kRight = 704, kTop = 12, kBottom = 148;
constexpr std::int64_t kSpan = 600;  // seconds
constexpr std::int64_t kStep = 5;    // of a sample

double x_of(std::int64_t at, std::int64_t now) {
  return kRight - (kRight - kLeft) * static_cast<double>(now - at) / static_cast<double>(kSpan);
}

double y_of(double value, double most) {
  return kBottom - (kBottom - kTop) * std::min(value / most, 1.0);
}

/// A number whose half is short, too, not below `value`.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0}) {
    if (value <= step * power * (1 + 1e-9)) return step * power;
  }
  return 10 * power;
}

std::vector<LatencySample> shown(const std::vector<LatencySample>& samples, std::int64_t now) {
  std::vector<LatencySample> all;
  for (const LatencySample& sample : samples) {
    if (sample.at - kStep <= now && sample.at >= now - kSpan) all.push_back(sample);
  }
  for (LatencySample& sample : all) sample.at = std::min(sample.at, now);  // one that is still counted
  return all;
}

std::string seconds_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:g} s", seconds);
  return seconds >= 1e-3 ? fmt::format("{:g} ms", seconds * 1e3) : fmt::format("{:g} µs", seconds * 1e6);
}

std::string word(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor, text);
}

template <typename Label>
std::string frame(double most, Label label, const std::string& inside, const std::string& title) {
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 720 176\" role=\"img\" aria-label=\"{}\"><g class=\"axis\">", title);
  for (const double share : {0.0, 0.5, 1.0}) {
    const double y = y_of(share, 1);
    svg += fmt::format("<line x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", kLeft, kRight, y, y);
    svg += word(kLeft - 8, y + 4, "end", label(share * most));
  }
  svg += word(kLeft, kBottom + 20, "start", "10 min ago");
  svg += word((kLeft + kRight) / 2, kBottom + 20, "middle", "5 min ago");
  svg += word(kRight, kBottom + 20, "end", "now");
  return svg + "</g>" + inside + "</svg>";
}

/// A line through the samples that had answers, with gaps where there were none.
template <typename Value>
std::string line(const std::vector<LatencySample>& samples, std::int64_t now, double most, const char* name,
                 Value value) {
  std::string path, dots;
  std::int64_t last = 0;
  for (const LatencySample& sample : samples) {
    if (value(sample) <= 0) continue;
    const double x = x_of(sample.at, now), y = y_of(value(sample), most);
    path += fmt::format("{}{:.1f} {:.1f}", sample.at - last > 2 * kStep ? "M" : "L", x, y);
    dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.8\"/>", x, y);
    last = sample.at;
  }
  return fmt::format("<g class=\"{}\"><path d=\"{}\"/>{}</g>", name, path, dots);
}

std::string bar(const LatencySample& sample, std::int64_t now, double from, double to, double most, const char* name) {
  const double right = x_of(sample.at, now), width = (kRight - kLeft) * kStep / kSpan - 0.8;
  const double top = y_of(to, most), bottom = y_of(from, most);
  if (to <= from) return "";
  return fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", name,
                     std::max(right - width, kLeft), top, width, std::max(bottom - top, 0.8));
}

std::string nothing() {
  return "<g class=\"axis\">" +
         word((kLeft + kRight) / 2, (kTop + kBottom) / 2 - 12, "middle", "no requests in the last ten minutes") +
         "</g>";
}

}  // namespace

std::string latency_plot(const std::vector<LatencySample>& samples, std::int64_t now) {
  const auto points = shown(samples, now);
  double most = 0;
  for (const LatencySample& point : points) most = std::max({most, point.median, point.p95});
  const bool any = most > 0;
  most = round_up(any ? most : 0.1);
  const auto median = [](const LatencySample& sample) { return sample.median; };
  const auto p95 = [](const LatencySample& sample) { return sample.p95; };
  const std::string lines =
      any ? line(points, now, most, "p95", p95) + line(points, now, most, "median", median) : nothing();
  return frame(
      most, [](double value) { return value == 0 ? std::string("0") : seconds_text(value); }, lines,
      "Seconds of requests, median and 95th percentile");
}

std::string requests_plot(const std::vector<LatencySample>& samples, std::int64_t now) {
  const auto points = shown(samples, now);
  double most = 0;
  for (const LatencySample& point : points) most = std::max(most, static_cast<double>(point.answered + point.refused));
  const bool any = most > 0;
  most = most < 20 ? std::max(2 * std::ceil(most / 2), 2.0) : round_up(most);
  std::string bars = any ? "" : nothing();
  for (const LatencySample& point : points) {
    const auto answered = static_cast<double>(point.answered), all = answered + static_cast<double>(point.refused);
    bars += bar(point, now, 0, answered, most, "answered") + bar(point, now, answered, all, most, "refused");
  }
  return frame(
      most, [](double value) { return fmt::format("{:g}", value); }, bars,
      "Requests answered and refused in each five seconds");
}

}  // namespace obscura::serve
