#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/reproduce_print.h"
#include "cli/tiers.h"
#include "cli/verbs.h"
#include "report/networks/sections.h"
#include "report/rcnn/rcnn.h"
#include "study/learning/chunked_plan.h"
#include "study/learning/chunked_run.h"
#include "study/learning/learnable_plan.h"
#include "study/learning/learnable_run.h"
#include "study/learning/rcnn_plan.h"
#include "study/learning/rcnn_run.h"
#include "study/learning/reproduce_run.h"

namespace obscura::cli {
namespace {

/// What reads an option: papers on encrypted images, papers on protected pictures, and with one of these the papers
/// that train and encrypt: on chunks, and on finding pictures.
enum ReproduceMode { kEncrypted = 1, kLearnable = 2, kEncryptedOrBoth = 3, kLearnableOrBoth = 4 };

struct ReproduceArguments {
  study::ReproduceOptions options;
  bool force = false;  ///< files of other kinds in the place of reports are replaced
  bool json = false;
};

const OptionTable<study::ReproduceOptions>& reproduce_options() {
  using V = study::ReproduceOptions;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.value(
         "subject", &V::subject,
         "cryptondl: that paper's six networks; own: Obscura's own; chunked: large pictures in chunks; rcnn: pictures "
         "found by a server; er-cnn or color-neuracrypt: networks that learn from pictures that a shield protects")
        .required()
        .echo(Echo::never);
    t.group(kRun);
    t.flag("--also-own", &V::also_own, "Obscura's own networks, too").only(kEncrypted);
    t.flag("--quick", &V::quick,
           "Few images: minutes instead of a quarter of an hour (er-cnn, color-neuracrypt, chunked, rcnn: of hours)");
    t.value("--mode", &V::mode,
            "batched: whole test sets; packed: images one by one; both. Deep own networks are always packed")
        .check(CLI::IsMember({"packed", "batched", "both"}))
        .shows_default()
        .only(kEncrypted);
    t.value("--images", &V::images,
            "Test images for deep own networks (default: 1000); chunked: of every row (all); rcnn: to be looked for "
            "(1000)")
        .check(whole_number())
        .only(kEncryptedOrBoth);
    t.value("--epochs", &V::epochs,
            "er-cnn, color-neuracrypt, chunked: epochs of every training (default: its own); rcnn: train its network "
            "anew, so "
            "long (100 is the paper's)")
        .check(whole_number())
        .only(kLearnableOrBoth);
    t.value("--device", &V::device, "er-cnn, color-neuracrypt: where networks are trained, as train has it")
        .shows_default()
        .only(kLearnable);
    t.value("--limit", &V::limit,
            "er-cnn, color-neuracrypt: the first so many training images, at most (halves: so many each)")
        .check(whole_number())
        .only(kLearnable);
    t.value("--test-limit", &V::test_limit, "er-cnn, color-neuracrypt: the first so many test images")
        .check(whole_number())
        .only(kLearnable);
    t.value("--only", &V::only,
            "These rows only, with commas between them; er-cnn, color-neuracrypt: also figures, tables, sections")
        .commas();
    t.group(kFiles);
    t.value("--dataset", &V::dataset, "Use this data set in every row: to try it out, as with samples");
    t.group(kRun);
    t.value("--threads", &V::threads, "Threads; 0: as many as the machine has")
        .check(CLI::Range(0, 1024))
        .shows_default();
    t.flag("--fresh", &V::fresh, "Measure everything again").echo(Echo::never);
    t.group(kFiles);
    t.value("--data", &V::data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)").echo(Echo::never);
    t.value("--models", &V::models, "Folder of trained networks (default: the one that ships)")
        .echo(Echo::never)
        .only(kEncryptedOrBoth);
    t.value("--journal", &V::journal,
            "er-cnn, color-neuracrypt: file of finished rows, which are taken from it and added to it (default: "
            "rows.jsonl in the folder of --out)")
        .echo(Echo::never)
        .only(kLearnable);
    t.group(kOutput);
    t.value(
         "--page", &V::page,
         "er-cnn, color-neuracrypt: measure nothing; write what the journal has to this Markdown file, its curves to "
         "the folder NAME beside it")
        .echo(Echo::never)
        .only(kLearnable);
    t.value("--out", &V::out, "Folder for report.html, .md, .json and what is kept").shows_default().echo(Echo::never);
    return t;
  }();
  return table;
}

/// Where the report goes, before hours of work. A folder of an earlier run is gone on with.
void check_folder(const ReproduceArguments& a) {
  const auto& out = a.options.out;
  if (!std::filesystem::is_directory(out)) return;
  check_outputs({{out / "report.json", study::FileKind::report},
                 {out / "report.md", study::FileKind::markdown},
                 {out / "report.html", study::FileKind::html}},
                {}, a.force);
  note_other_files(out, {"report.json", "rows"});
}

void write_report(const nlohmann::ordered_json& json, const report::Document& document,
                  const std::filesystem::path& folder) {
  write_file(folder / "report.json", json.dump(1) + "\n");
  write_file(folder / "report.md", report::to_markdown(document));
  write_file(folder / "report.html", report::to_html(document));
}

/// Writes the report, also of nothing, and prints it; throws Error if nothing was measured.
template <typename Report, typename Measured>
void give(const ReproduceArguments& a, const Report& report, const nlohmann::ordered_json& json,
          const report::Document& document, const Measured& measured) {
  write_report(json, document, a.options.out);
  if (std::none_of(report.rows.begin(), report.rows.end(), measured)) {
    throw Error("nothing could be measured: " + report.rows.front().problem);
  }
  if (a.json) {
    print_json(json);
  } else {
    print_report(report);
    fmt::print("report: {}, .md and .json\n", (a.options.out / "report.html").string());
  }
}

/// Curves lie as files in the folder that is called like the page.
void write_page(const ReproduceArguments& a) {
  const auto& page = a.options.page;
  check_outputs({{page, study::FileKind::markdown}}, {}, a.force);
  const auto report = study::kept_learnable(a.options);
  auto document = report::learnable_document(report);
  const auto curves = report::curves_as_files(document, page.stem().string());
  for (const auto& curve : curves) {
    std::filesystem::create_directories((page.parent_path() / curve.file).parent_path());
    write_file(page.parent_path() / curve.file, curve.svg);
  }
  write_file(page, report::to_markdown(document) + "\n");
  if (a.json) {
    print_json(report::learnable_json(report));
  } else {
    const auto measured = std::count_if(report.rows.begin(), report.rows.end(), [](const report::LearnableRow& row) {
      return std::isfinite(report::learned_accuracy(row));
    });
    fmt::print("page: {}, with {} curves beside it; {} of {} rows are measured\n", page.string(), curves.size(),
               measured, report.rows.size());
  }
}

void reproduce_learnable(const ReproduceArguments& a) {
  if (!a.options.page.empty()) return write_page(a);
  const auto report = study::measure_learnable(a.options);
  give(a, report, report::learnable_json(report), report::learnable_document(report),
       [](const report::LearnableRow& row) { return std::isfinite(report::learned_accuracy(row)); });
}

void reproduce_encrypted(const ReproduceArguments& a) {
  const auto report = study::reproduce(a.options);
  if (report.rows.empty()) {
    throw Error("none of Obscura's own networks was found: train them, or name their folder with --models");
  }
  give(a, report, report::report_json(report), report::report_document(report),
       [](const report::ReportRow& row) { return report::accuracy_run(row).is_object(); });
}

void reproduce_chunked(const ReproduceArguments& a) {
  const auto report = study::measure_chunked(a.options);
  if (report.rows.empty()) throw Error("no row is left to be measured");
  give(a, report, report::chunked_json(report), report::chunked_document(report),
       [&](const report::ChunkedRow& row) { return report::measured(report, row); });
}

void reproduce_rcnn(const ReproduceArguments& a) {
  const auto report = study::measure_rcnn(a.options);
  give(a, report, report::rcnn_json(report), report::rcnn_document(report),
       [](const report::RcnnRow& row) { return report::measured(row); });
}

/// What is for other papers would change nothing.
void refuse_others(const CLI::App& verb, const std::string& subject) {
  const auto& table = reproduce_options();
  const bool learnable = study::is_learnable(subject), both = subject == study::kChunked || subject == study::kRcnn;
  const std::string not_this = ", not for " + subject;
  if (learnable || both) {
    table.refuse(verb, kEncrypted, "is for encrypted images (cryptondl, own)" + not_this);
  }
  if (learnable) {
    table.refuse(verb, kEncryptedOrBoth, "is for encrypted images (cryptondl, own, chunked, rcnn)" + not_this);
  }
  if (!learnable) table.refuse(verb, kLearnable, "is for er-cnn and color-neuracrypt" + not_this);
  if (!learnable && !both) {
    table.refuse(verb, kLearnableOrBoth, "is for er-cnn, color-neuracrypt, chunked and rcnn" + not_this);
  }
}

void run_reproduce(ReproduceArguments& a, const CLI::App& verb) {
  if (a.options.page.empty()) check_folder(a);
  study::ReproduceOptions& o = a.options;
  const bool learnable = study::is_learnable(o.subject);
  refuse_others(verb, o.subject);
  // As train does: small networks are fastest with one thread, and much slower with more than are free.
  if (learnable) o.threads = std::max<std::size_t>(o.threads, 1);
  o.command = "obscura reproduce " + o.subject + reproduce_options().echo(o);
  o.program = front_program();
  o.note = notes();
  if (o.subject == study::kChunked) return reproduce_chunked(a);
  if (o.subject == study::kRcnn) return reproduce_rcnn(a);
  (learnable ? reproduce_learnable : reproduce_encrypted)(a);
}

std::string rows_text() {
  study::ReproduceOptions all;
  all.also_own = true;
  return fmt::format(
      "Rows of cryptondl, then of own: {}.\n"
      "Finished rows are kept in the folder of --out; an interrupted run continues where it was when started again.\n"
      "Networks are taken from --models (MODEL-DATASET.onnx), else trained, which takes a minute or so each; own ones\n"
      "are not trained here.\n"
      "er-cnn and color-neuracrypt train networks on pictures that a shield protects, in the open: hours without "
      "--quick.\n"
      "Rows of er-cnn: {}; or all of a figure: {}.\n"
      "Rows of color-neuracrypt: {}; or all of: {}.\n"
      "chunked trains the paper's networks where they are not in --models (CHUNK-MODEL-neu.onnx), and needs NEU-CLS.\n"
      "Rows of chunked: {}.\n"
      "rcnn takes the paper's network and our embedding from --models (rcnn-cifar10.onnx, embed-cifar10.onnx), else "
      "trains\nthem, and needs CIFAR-10.\n"
      "Rows of rcnn: {}.\n"
      "Examples:\n  obscura reproduce cryptondl --quick\n  obscura reproduce cryptondl --also-own --out "
      "results\n"
      "  obscura reproduce er-cnn --quick --out er-cnn\n  obscura reproduce chunked --quick --out chunked\n"
      "  obscura reproduce rcnn --quick --out rcnn",
      fmt::join(study::reproduce_keys(all), ", "), fmt::join(study::learnable_keys("er-cnn"), ", "),
      fmt::join(study::learnable_figure_ids("er-cnn"), ", "),
      fmt::join(study::learnable_keys("color-neuracrypt"), ", "),
      fmt::join(study::learnable_figure_ids("color-neuracrypt"), ", "), fmt::join(study::chunked_keys(), ", "),
      fmt::join(study::rcnn_keys(), ", "));
}

}  // namespace

void add_reproduce_verb(CLI::App& verb) {
  const auto args = std::make_shared<ReproduceArguments>();
  verb.footer(rows_text());
  reproduce_options().add_to(verb, args->options);
  add_force(verb, args->force);
  add_json(verb, args->json);
  verb.callback([args, &verb] { run_reproduce(*args, verb); });
}

}  // namespace obscura::cli
