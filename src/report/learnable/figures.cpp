// The figures, tables and sections of a paper, one by one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/learnable/learnable.h"
#include "report/networks/data.h"
#include "report/plot_file.h"
#include "report/text.h"

namespace obscura::report {
namespace {

/// Rows of the figure that the report has.
std::vector<const LearnableRow*> rows_of(const LearnableReport& report, const LearnableFigure& figure) {
  std::vector<const LearnableRow*> out;
  for (const auto& key : figure.rows) {
    if (const LearnableRow* row = find_row(report, key)) out.push_back(row);
  }
  return out;
}

/// Accuracy after each epoch on the pictures that choose, else on the training pictures. Named by the key: titles are
/// cut.
Plot::Series curve_of(const LearnableRow& row) {
  Plot::Series series{row.key, {}, true};
  if (!row.train.is_object() || !row.train.contains("epochs")) return series;
  for (const auto& epoch : row.train.at("epochs")) {
    const double held = number_at(epoch, "validation_accuracy");
    const double share = std::isfinite(held) ? held : number_at(epoch, "train_accuracy");
    series.points.push_back({number_at(epoch, "epoch"), 100 * share, fmt::format("{:.1f} %", 100 * share)});
  }
  return series;
}

/// Mean and largest distance from it of numbers that are not all missing.
struct Spread {
  std::vector<double> values;
  double mean() const {
    double sum = 0;
    for (const double value : values) sum += value;
    return values.empty() ? std::nan("") : sum / static_cast<double>(values.size());
  }
  double low() const { return values.empty() ? std::nan("") : *std::min_element(values.begin(), values.end()); }
  double high() const { return values.empty() ? std::nan("") : *std::max_element(values.begin(), values.end()); }
  void add(double value) {
    if (std::isfinite(value)) values.push_back(value);
  }
};

/// "61.20 % (60.10 to 62.00)", of one seed "61.20 %".
std::string spread_text(const Spread& spread) {
  if (spread.values.size() < 2) return percent_text(spread.mean());
  return fmt::format("{} ({:.2f} to {:.2f})", percent_text(spread.mean()), 100 * spread.low(), 100 * spread.high());
}

std::string number_text(const Spread& spread) {
  if (spread.values.size() < 2) return fixed_text(spread.mean(), 3);
  return fmt::format("{} ({:.3f} to {:.3f})", fixed_text(spread.mean(), 3), spread.low(), spread.high());
}

/// Rows that differ in their seed alone.
struct SeedGroup {
  std::vector<const LearnableRow*> rows;
  Spread accuracy, correlation, null, psnr;
  std::set<std::string> from;
};

/// By series and round, in the order of the figure.
std::vector<SeedGroup> groups_of(const std::vector<const LearnableRow*>& rows) {
  std::vector<SeedGroup> groups;
  std::map<std::pair<std::string, std::size_t>, std::size_t> places;
  for (const LearnableRow* row : rows) {
    const auto [place, fresh] = places.try_emplace({row->series, row->round}, groups.size());
    if (fresh) groups.emplace_back();
    SeedGroup& group = groups[place->second];
    group.rows.push_back(row);
    group.accuracy.add(learned_accuracy(*row));
    group.correlation.add(number_at(row->reveal, "correlation"));
    group.null.add(number_at(row->null, "correlation"));
    group.psnr.add(number_at(row->reveal, "psnr"));
    if (const auto from = learned_from(*row); !from.empty()) group.from.insert(from);
  }
  return groups;
}

}  // namespace

std::string figure_state(const LearnableReport& report, const LearnableFigure& figure) {
  if (figure.rows.empty()) return "no counterpart";
  std::size_t done = 0;
  for (const LearnableRow* row : rows_of(report, figure)) done += std::isfinite(learned_accuracy(*row)) ? 1 : 0;
  if (done == 0) return "not run";
  return done == figure.rows.size() ? fmt::format("all {} rows", done)
                                    : fmt::format("{} of {} rows", done, figure.rows.size());
}

Table figure_table(const LearnableReport& report, const LearnableFigure& figure) {
  Table table{"",
              {"row", "what", "learned from", "accuracy", "95 %", "points to plain", "correlation", "PSNR, dB"},
              "lll",
              {},
              {}};
  bool missing = false;
  for (const LearnableRow* row : rows_of(report, figure)) {
    if (!std::isfinite(learned_accuracy(*row))) {
      missing = true;
      table.rows.push_back({row->key, row->title, "not run", kNothing, kNothing, kNothing, kNothing, kNothing});
      continue;
    }
    table.rows.push_back({row->key, row->title, learned_from(*row), percent_text(learned_accuracy(*row)),
                          accuracy_interval(*row), against_plain(report, *row),
                          fixed_text(number_at(row->reveal, "correlation"), 3),
                          fixed_text(number_at(row->reveal, "psnr"), 2)});
  }
  missing = missing || table.rows.size() < figure.rows.size();
  if (missing) {
    table.notes = {
        fmt::format("To measure what is missing: obscura reproduce {} --only {}.", report.subject, figure.id)};
  }
  return table;
}

Plot figure_curves(const LearnableReport& report, const LearnableFigure& figure) {
  Plot plot{"Accuracy after each epoch, on the pictures that choose among epochs",
            "epoch",
            "accuracy, %",
            false,
            1,
            2,
            0,
            100,
            {},
            {}};
  plot.counts = true;
  const auto rows = rows_of(report, figure);
  // Other seeds would hide each other.
  const std::size_t first_seed = rows.empty() ? 1 : rows.front()->seed;
  for (const LearnableRow* row : rows) {
    auto series = curve_of(*row);
    if (series.points.empty() || row->seed != first_seed) continue;
    plot.x_high = std::max(plot.x_high, series.points.back().x);
    plot.series.push_back(std::move(series));
  }
  return plot;
}

Table rounds_table(const LearnableReport& report, const LearnableFigure& figure) {
  Table table{"Over the seeds: mean (lowest to highest)",
              {"what", "seeds", "learned from", "accuracy", "correlation with the plain pictures", "of another key"},
              "lrl",
              {},
              {}};
  for (const SeedGroup& group : groups_of(rows_of(report, figure))) {
    const LearnableRow& first = *group.rows.front();
    std::string what = first.series.empty() ? first.title : first.series;
    if (first.round > 0) what += fmt::format(", round {}", first.round);
    const std::string from = group.from.empty() ? "not run" : fmt::format("{}", fmt::join(group.from, "; "));
    table.rows.push_back({what, std::to_string(group.accuracy.values.size()), from, spread_text(group.accuracy),
                          number_text(group.correlation), number_text(group.null)});
  }
  table.notes = {
      "Correlation: of each of the test pictures that the adaptation reveals with its original, over all samples, the "
      "mean over pictures; tone fitted. Of another key: the same score on pictures of a key that the network has never "
      "seen."};
  return table;
}

Table missing_table(const LearnableReport& report) {
  Table table{"", {"what", "rows that are missing", "command"}, "lrl", {}, {}};
  std::set<std::string> named;
  const auto add = [&](const std::string& what, const std::vector<const LearnableRow*>& rows,
                       const std::string& command) {
    std::size_t missing = 0;
    for (const LearnableRow* row : rows) {
      named.insert(row->key);
      missing += std::isfinite(learned_accuracy(*row)) ? 0 : 1;
    }
    if (missing > 0) table.rows.push_back({what, fmt::format("{} of {}", missing, rows.size()), command});
  };
  for (const auto& figure : report.figures) {
    add(figure.title, rows_of(report, figure),
        fmt::format("obscura reproduce {} --only {}", report.subject, figure.id));
  }
  for (const auto& row : report.rows) {
    if (!named.contains(row.key)) add(row.title, {&row}, row.command);
  }
  return table;
}

std::vector<CurveFile> curves_as_files(Document& document, const std::string& folder) {
  std::vector<CurveFile> out;
  for (auto& section : document.sections) {
    for (auto& block : section.blocks) {
      const auto* plot = std::get_if<Plot>(&block);
      if (plot == nullptr) continue;
      const std::string file = fmt::format("{}/curves-{}.svg", folder, out.size() + 1);
      out.push_back({file, plot_file_svg(*plot)});
      const auto& svg = out.back().svg;
      block = Picture{plot->title, file, {svg.begin(), svg.end()}};
    }
  }
  return out;
}

}  // namespace obscura::report
