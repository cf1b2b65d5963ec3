#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/learnable_plan.h"
#include "cli/learnable_run.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/report_sections.h"
#include "cli/report_text.h"
#include "cli/reproduce_run.h"
#include "cli/support.h"
#include "cli/verbs.h"
#include "train/device.h"

namespace obscura::cli {
namespace {

void write_report(const Report& report, const std::filesystem::path& folder) {
  const Document document = report_document(report);
  write_file(folder / "report.json", report_json(report).dump(1) + "\n");
  write_file(folder / "report.md", to_markdown(document));
  write_file(folder / "report.html", to_html(document));
}

void print_row(const ReportRow& row) {
  const auto& run = accuracy_run(row);
  const PaperRow* paper = find_paper_row(row.key);
  fmt::print("{:<38} {:>9} {:>9} {:>9} {:>12} {:>16} {:>10}\n", row_label(row),
             percent_text(number_at(run, "encrypted_accuracy")),
             paper == nullptr ? kNothing : percent_text(paper->encrypted_accuracy()),
             percent_text(number_at(run, "agreement")), span_text(number_at(row.whole, "seconds.total")),
             paper == nullptr ? kNothing : span_text(paper->encrypted_seconds), span_text(single_seconds(row)));
}

void print_report(const Report& report, const std::filesystem::path& folder) {
  fmt::print("{:<38} {:>9} {:>9} {:>9} {:>12} {:>16} {:>10}\n", "", "encrypted", "paper", "agreement", "all images",
             "paper", "one image");
  for (const auto& row : report.rows) print_row(row);
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) fmt::print("missing: {}: {}\n", row.title, row.problem);
  }
  fmt::print("report: {}, .md and .json\n", (folder / "report.html").string());
}

/// Where the report goes, before hours of work. A folder of an earlier run is gone on with.
void check_folder(const ReproduceOptions& o) {
  if (!std::filesystem::is_directory(o.out)) return;
  check_outputs({{o.out / "report.json", FileKind::report},
                 {o.out / "report.md", FileKind::markdown},
                 {o.out / "report.html", FileKind::html}},
                {}, o.force);
  note_other_files(o.out, {"report.json", "rows"});
}

void run_reproduce(const ReproduceOptions& options) {
  check_folder(options);
  if (is_learnable(options.subject)) {
    reproduce_learnable(options);
    return;
  }
  if (options.epochs != 0) throw UsageError("--epochs is for er-cnn and color-neuracrypt");
  if (options.device != train::kProcessor) throw UsageError("--device is for er-cnn and color-neuracrypt");
  const Report report = reproduce(options);
  if (report.rows.empty()) {
    throw Error("none of Obscura's own networks was found: train them, or name their folder with --models");
  }
  write_report(report, options.out);
  const bool any = std::any_of(report.rows.begin(), report.rows.end(),
                               [](const ReportRow& row) { return accuracy_run(row).is_object(); });
  if (!any) throw Error("nothing could be measured: " + report.rows.front().problem);
  if (options.json) {
    print_json(report_json(report));
  } else {
    print_report(report, options.out);
  }
}

std::string rows_text() {
  ReproduceOptions all;
  all.also_own = true;
  return fmt::format(
      "Rows of cryptondl, then of own: {}.\n"
      "Finished rows are kept in the folder of --out; an interrupted run continues where it was when started again.\n"
      "Networks are taken from --models (MODEL-DATASET.onnx), else trained, which takes a minute or so each; own ones\n"
      "are not trained here.\n"
      "er-cnn and color-neuracrypt train networks on pictures that a shield protects, in the open: hours without "
      "--quick.\n"
      "Rows of er-cnn: {}.\nRows of color-neuracrypt: {}.\n"
      "Examples:\n  obscura reproduce cryptondl --quick\n  obscura reproduce cryptondl --also-own --out results\n"
      "  obscura reproduce er-cnn --quick --out er-cnn",
      fmt::join(reproduce_keys(all), ", "), fmt::join(learnable_keys("er-cnn"), ", "),
      fmt::join(learnable_keys("color-neuracrypt"), ", "));
}

}  // namespace

void add_reproduce_verb(CLI::App& app) {
  auto* verb = add_verb(app, "reproduce");
  const auto o = std::make_shared<ReproduceOptions>();
  verb->footer(rows_text());
  verb->add_option("subject", o->subject,
                   "cryptondl: that paper's six networks; own: Obscura's own; er-cnn or color-neuracrypt: "
                   "networks that learn from pictures that a shield protects")
      ->required();
  verb->add_flag("--quick", o->quick,
                 "Few images: minutes instead of a quarter of an hour (er-cnn, color-neuracrypt: of hours)")
      ->group(kRun);
  verb->add_flag("--also-own", o->also_own, "Obscura's own networks, too")->group(kRun);
  verb->add_option("--only", o->only, "These rows only, with commas between them")->delimiter(',')->group(kRun);
  verb->add_option("--mode", o->mode,
                   "batched: whole test sets; packed: images one by one; both. Deep own networks are always packed")
      ->check(CLI::IsMember({"packed", "batched", "both"}))
      ->capture_default_str()
      ->group(kRun);
  verb->add_option("--images", o->images, "Test images for deep own networks (default: 1000)")
      ->check(whole_number())
      ->group(kRun);
  verb->add_option("--epochs", o->epochs, "er-cnn, color-neuracrypt: epochs of every training (default: its own)")
      ->check(whole_number())
      ->group(kRun);
  verb->add_option("--device", o->device, "er-cnn, color-neuracrypt: where networks are trained, as train has it")
      ->capture_default_str()
      ->group(kRun);
  add_threads(*verb, o->threads);
  verb->add_flag("--fresh", o->fresh, "Measure everything again")->group(kRun);
  verb->add_option("--dataset", o->dataset, "Use this data set in every row: to try it out, as with samples")
      ->group(kFiles);
  verb->add_option("--data", o->data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)")->group(kFiles);
  verb->add_option("--models", o->models, "Folder of trained networks (default: the one that ships)")->group(kFiles);
  verb->add_option("--out", o->out, "Folder for report.html, .md, .json and what is kept")
      ->capture_default_str()
      ->group(kOutput);
  add_force(*verb, o->force);
  add_json(*verb, o->json);
  verb->callback([o] { run_reproduce(*o); });
}

}  // namespace obscura::cli
