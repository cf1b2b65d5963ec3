#include "cli/reproduce_print.h"

#include <fmt/format.h>

#include "report/chunked/sections.h"
#include "report/networks/sections.h"
#include "report/rcnn/paper.h"
#include "report/text.h"

namespace obscura::cli {
namespace {

using report::kNothing;
using report::number_at;
using report::percent_text;
using report::span_text;

void print_row(const report::ReportRow& row) {
  const auto& run = report::accuracy_run(row);
  const report::PaperRow* paper = report::find_paper_row(row.key);
  fmt::print("{:<38} {:>9} {:>9} {:>9} {:>12} {:>16} {:>10}\n", report::row_label(row),
             percent_text(number_at(run, "encrypted_accuracy")),
             paper == nullptr ? kNothing : percent_text(paper->encrypted_accuracy()),
             percent_text(number_at(run, "agreement")), span_text(number_at(row.whole, "seconds.total")),
             paper == nullptr ? kNothing : span_text(paper->encrypted_seconds), span_text(report::single_seconds(row)));
}

template <typename Report>
void print_problems(const Report& report) {
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) fmt::print("missing: {}: {}\n", row.title, row.problem);
  }
}

}  // namespace

void print_report(const report::Report& report) {
  fmt::print("{:<38} {:>9} {:>9} {:>9} {:>12} {:>16} {:>10}\n", "", "encrypted", "paper", "agreement", "all images",
             "paper", "one image");
  for (const auto& row : report.rows) print_row(row);
  print_problems(report);
}

void print_report(const report::LearnableReport& report) {
  if (report.quick) fmt::print("QUICK RUN: these numbers say nothing about the methods\n");
  fmt::print("{:<18} {:<46} {:>9} {:>9} {:>9}\n", "", "", "accuracy", "paper", "PSNR, dB");
  for (const auto& row : report.rows) {
    fmt::print("{:<18} {:<46} {:>9} {:>9} {:>9}\n", row.key, row.title, percent_text(report::learned_accuracy(row)),
               percent_text(report::published_accuracy(report.subject, row.key)),
               report::fixed_text(number_at(row.reveal, "psnr"), 2));
  }
  for (const auto& goal : report::goals(report)) fmt::print("{}\n", goal.verdict());
  print_problems(report);
}

void print_report(const report::ChunkedReport& report) {
  if (report.quick) fmt::print("QUICK RUN: accuracies are not for quoting\n");
  fmt::print("{:<14} {:<44} {:>9} {:>9} {:>9} {:>10} {:>10} {:>10}\n", "", "", "plain", "encrypted", "agreement",
             "bytes up", "to", "evaluate");
  for (const auto& row : report.rows) {
    fmt::print("{:<14} {:<44} {:>9} {:>9} {:>9} {:>10} {:>10} {:>10}\n", row.key, row.title,
               percent_text(report::plain_accuracy(report, row)), percent_text(report::encrypted_accuracy(row)),
               percent_text(number_at(row.result, "agreement")),
               report::size_text(number_at(row.result, "bytes.upload_min")),
               report::size_text(number_at(row.result, "bytes.upload_max")),
               span_text(number_at(row.result, "median_milliseconds_per_image") / 1e3));
  }
  if (const auto text = report::chunked_agreement_text(report); !text.empty()) fmt::print("{}\n", text);
  print_problems(report);
}

void print_report(const report::RcnnReport& report) {
  namespace paper = report::rcnn_paper;
  if (report.quick) fmt::print("QUICK RUN: scores are not for quoting\n");
  for (const auto& network : report.networks) {
    if (!network.test.is_object()) continue;
    fmt::print("{}: {} of the test pictures (paper: {})\n", network.title,
               percent_text(number_at(network.test, "plain_accuracy")), percent_text(paper::kTestAccuracy));
  }
  fmt::print("{:<13} {:<72} {:>7} {:>7} {:>7}\n", "", fmt::format("mAP in the paper: {}", paper::kMap), "mAP", "P@5",
             "P@100");
  for (const auto& row : report.rows) {
    if (!row.mode.empty()) continue;
    const auto score = [&](const char* name) { return report::fixed_text(number_at(row.result, name), 3); };
    fmt::print("{:<13} {:<72} {:>7} {:>7} {:>7}\n", row.key, row.title, score("map"), score("precision_at_5"),
               score("precision_at_100"));
  }
  for (const auto& row : report.rows) {
    if (row.mode.empty() || !report::measured(row)) continue;
    fmt::print("{:<13} {:<45} {:>10} up, {:>10} at the client, {:>10} at the server\n", row.key, row.title,
               report::size_text(report::median_of_searches(row, "bytes.query")),
               span_text(report::median_of_searches(row, "seconds.client")),
               span_text(report::median_of_searches(row, "seconds.server")));
  }
  print_problems(report);
}

}  // namespace obscura::cli
