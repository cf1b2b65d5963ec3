#include "study/audit/noise_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/machine.h"
#include "base/version.h"
#include "report/text.h"

namespace obscura::study {
namespace {

using report::fixed_text;
using report::small_text;

std::string interval_text(const DeviationInterval& interval) {
  if (!std::isfinite(interval.high)) return report::kNothing;
  return small_text(interval.low) + " to " + small_text(interval.high);
}

double log2_of(double error) {
  return error > 0 ? std::log2(error) : std::nan("");
}

report::Plot error_plot(const NoiseAudit& audit) {
  report::Plot plot;
  plot.title = "log2 of errors, stage by stage";
  plot.x_title = "stage (0: encryption)", plot.y_title = "log2 of the error";
  plot.percent = false;
  report::Plot::Series predicted{"predicted deviation", {}}, measured{"measured deviation", {}},
      largest{"largest error", {}};
  double low = 0, high = -1000;
  for (std::size_t i = 0; i < audit.stages.size(); ++i) {
    const auto& stage = audit.stages[i];
    const auto x = static_cast<double>(i);
    predicted.points.push_back({x, log2_of(stage.predicted), stage.name});
    measured.points.push_back(
        {x, log2_of(stage.measured), stage.name, log2_of(stage.interval.low), log2_of(stage.interval.high)});
    largest.points.push_back({x, log2_of(stage.largest), stage.name});
    for (const double y : {predicted.points.back().y, measured.points.back().y, largest.points.back().y}) {
      if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
    }
  }
  plot.x_high = static_cast<double>(std::max<std::size_t>(audit.stages.size(), 2) - 1);
  plot.y_low = std::floor(low) - 1, plot.y_high = std::max(std::ceil(high), low) + 1;
  plot.series = {std::move(predicted), std::move(measured), std::move(largest)};
  return plot;
}

}  // namespace

report::Table noise_table(const NoiseAudit& audit) {
  report::Table table{
      "",
      {"stage", "values", "predicted", "measured", "99 % interval", "ratio", "largest", "bits left", "prediction"},
      "l",
      {},
      {"Deviations in units of the stage's values. Ratio: measured over predicted. Bits left: log2 of the values' root "
       "mean square over that of their errors. A prediction holds where the whole interval is at or below it."}};
  for (const auto& s : audit.stages) {
    table.rows.push_back({s.name, report::count_text(static_cast<double>(s.values)), small_text(s.predicted),
                          small_text(s.measured), interval_text(s.interval), fixed_text(s.ratio(), 2),
                          small_text(s.largest), fixed_text(s.bits(), 1), to_string(s.standing)});
  }
  return table;
}

std::string noise_verdict(const NoiseAudit& audit) {
  std::size_t counts[3] = {};
  for (const auto& s : audit.stages) ++counts[static_cast<std::size_t>(s.standing)];
  std::string text = fmt::format("predictions of {} stages: {} hold, {} are open, {} are exceeded", audit.stages.size(),
                                 counts[0], counts[1], counts[2]);
  const auto worst = std::ranges::max_element(audit.stages, {}, &StageNoise::ratio);
  if (worst != audit.stages.end()) {
    text += fmt::format("; the largest error beside its prediction is that of {}, {:.2f} times", worst->name,
                        worst->ratio());
  }
  return text;
}

report::Document noise_document(const NoiseAudit& audit, const std::string& command) {
  report::Section glance{"At a glance", {}};
  glance.blocks.emplace_back(report::Paragraph{noise_verdict(audit), !audit.holds()});
  glance.blocks.emplace_back(error_plot(audit));
  glance.blocks.emplace_back(noise_table(audit));
  report::Table how{"", {"", ""}, "ll", {}, {}};
  how.rows = {
      {"Images", audit.selection},
      {"Parameters", fmt::format("N = 2^{}, {} primes", audit.client.parameters.log_degree, audit.client.input_limbs)},
      {"Processor", cpu_model()},
      {"Program", fmt::format("obscura {} ({})", kVersion, kBuildType)},
      {"Time of the encrypted runs", report::span_text(audit.seconds)}};
  return {"Predicted and measured errors",
          fmt::format("{}, {} images", audit.client.network, audit.images),
          {glance, {"How it was measured", {how, report::Commands{{command}}}}}};
}

}  // namespace obscura::study
