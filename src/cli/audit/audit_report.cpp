// `obscura audit report`: what is promised of a network's encryption, tested, on one page.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "cli/audit/audit_verbs.h"
#include "cli/console.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "study/audit/audit_report.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

struct ReportArguments {
  study::AuditReportOptions options;
  fs::path out;
  bool force = false;
  bool json = false;
};

const OptionTable<study::AuditReportOptions>& report_options() {
  using V = study::AuditReportOptions;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.group(kFiles);
    t.value("--network", &V::network, "The network, an ONNX file").required().echo(Echo::file_name);
    t.value("--dataset", &V::dataset, "Whose test images are run: a data set's name, samples, or a folder")
        .shows_default();
    t.value("--data", &V::data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)").echo(Echo::never);
    t.group(kRun);
    t.value("--images", &V::images, "Images that are run encrypted, to measure errors")
        .check(CLI::Range(2, 1000000))
        .shows_default();
    t.value("--sequences", &V::sequences, "Sequences of a million bits, of each part of ciphertexts")
        .check(CLI::Range(1, 100000))
        .shows_default();
    return t;
  }();
  return table;
}

void run_report(const ReportArguments& a) {
  const std::string command = "obscura audit report" + report_options().echo(a.options);
  check_outputs({{a.out, study::FileKind::html}}, {a.options.network}, a.force);
  const auto report = study::audit_all(a.options, notes(), !a.json);
  if (!a.out.empty()) write_file(a.out, report::to_html(study::audit_report_document(report, command)));
  if (a.json) return print_json(study::audit_report_json(report, command));
  for (const auto& finding : report.findings()) {
    fmt::print("{}: {}\n  {}\n", finding.promise, finding.kept ? "yes" : "NO", finding.found);
  }
  fmt::print("{}\n", report.kept() ? "every promise that is tested here was kept" : "NOT EVERY PROMISE WAS KEPT");
  if (!a.out.empty()) fmt::print("report: {}\n", a.out.string());
}

}  // namespace

void add_audit_report(CLI::App& audit) {
  const auto a = std::make_shared<ReportArguments>();
  CLI::App& verb = *audit.add_subcommand("report", kAuditReport);
  report_options().add_to(verb, a->options);
  verb.add_option("--out", a->out, "Write the page into this file (HTML)")->group(kOutput);
  add_threads(verb, a->options.threads);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.footer("Example:\n  obscura audit report --network models/tenseal-mnist.onnx --out report.html");
  verb.callback([a] { run_report(*a); });
}

}  // namespace obscura::cli
