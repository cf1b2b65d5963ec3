#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/learnable/learnable.h"

namespace obscura::report {
namespace {

constexpr std::string_view kWith = ", pretrained", kWithout = ", from scratch";

/// Points that pretraining brings a scheme, a seed each.
struct Gain {
  std::string scheme;
  std::vector<double> points;
  double mean() const {
    return std::accumulate(points.begin(), points.end(), 0.0) / static_cast<double>(points.size());
  }
};

std::vector<Gain> gains_of(const LearnableReport& report) {
  std::vector<Gain> gains;
  for (const LearnableRow& row : report.rows) {
    if (!row.series.ends_with(kWith)) continue;
    const std::string scheme = row.series.substr(0, row.series.size() - kWith.size());
    const auto without = std::ranges::find_if(report.rows, [&](const LearnableRow& other) {
      return other.series == scheme + std::string(kWithout) && other.seed == row.seed;
    });
    if (without == report.rows.end() || learned_from(row) != learned_from(*without)) continue;
    const double points = 100 * (learned_accuracy(row) - learned_accuracy(*without));
    if (!std::isfinite(points)) continue;
    auto gain = std::ranges::find(gains, scheme, &Gain::scheme);
    if (gain == gains.end()) gain = gains.insert(gains.end(), {scheme, {}});
    gain->points.push_back(points);
  }
  return gains;
}

std::string text_of(const Gain& gain) {
  const auto [least, most] = std::ranges::minmax(gain.points);
  return fmt::format("{} {:+.1f} ({} seed{}: {:+.1f} to {:+.1f})", gain.scheme, gain.mean(), gain.points.size(),
                     gain.points.size() == 1 ? "" : "s", least, most);
}

}  // namespace

std::string pretraining_text(const LearnableReport& report) {
  const std::vector<Gain> gains = gains_of(report);
  if (gains.empty() || report.quick) return "";
  std::vector<std::string> texts;
  for (const Gain& gain : gains) texts.push_back(text_of(gain));
  std::string text = fmt::format("What own pretraining brings, in points: {}.", fmt::join(texts, "; "));
  const auto ours = std::ranges::find(gains, "color-neuracrypt", &Gain::scheme);
  const auto theirs = std::ranges::find_if(gains, [](const Gain& g) { return g.scheme.starts_with("neuracrypt"); });
  if (ours == gains.end() || theirs == gains.end()) return text;
  return text + fmt::format(
                    " If weights that do not fit NeuraCrypt were the reason of the paper's 25 points, color-neuracrypt "
                    "would gain more by them than neuracrypt does; here it gains {}.",
                    ours->mean() > theirs->mean() ? "more" : "less: at this size they are not the reason");
}

}  // namespace obscura::report
