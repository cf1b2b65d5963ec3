#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "cli/learnable_run.h"
#include "cli/report_data.h"
#include "cli/report_text.h"
#include "cli/support.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

void write_report(const LearnableReport& report, const fs::path& folder) {
  const Document document = learnable_document(report);
  write_file(folder / "report.json", learnable_json(report).dump(1) + "\n");
  write_file(folder / "report.md", to_markdown(document));
  write_file(folder / "report.html", to_html(document));
}

void print_report(const LearnableReport& report, const fs::path& folder) {
  if (report.quick) fmt::print("QUICK RUN: these numbers say nothing about the methods\n");
  fmt::print("{:<18} {:<46} {:>9} {:>9} {:>9}\n", "", "", "accuracy", "paper", "PSNR, dB");
  for (const auto& row : report.rows) {
    fmt::print("{:<18} {:<46} {:>9} {:>9} {:>9}\n", row.key, row.title, percent_text(learned_accuracy(row)),
               percent_text(published_accuracy(report.subject, row.key)), fixed_text(number_at(row.reveal, "psnr"), 2));
  }
  for (const auto& goal : goals(report)) fmt::print("{}\n", goal.verdict());
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) fmt::print("missing: {}: {}\n", row.title, row.problem);
  }
  fmt::print("report: {}, .md and .json\n", (folder / "report.html").string());
}

}  // namespace

void reproduce_learnable(const ReproduceOptions& options) {
  const LearnableReport report = measure_learnable(options);
  write_report(report, options.out);
  const bool any = std::any_of(report.rows.begin(), report.rows.end(),
                               [](const LearnableRow& row) { return std::isfinite(learned_accuracy(row)); });
  if (!any) throw Error("nothing could be measured: " + report.rows.front().problem);
  if (options.json) {
    print_json(learnable_json(report));
  } else {
    print_report(report, options.out);
  }
}

}  // namespace obscura::cli
