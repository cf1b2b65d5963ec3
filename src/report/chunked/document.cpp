#include "report/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/chunked/sections.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

std::string measured_text(const ChunkedReport& report) {
  const auto count = std::count_if(report.rows.begin(), report.rows.end(),
                                   [&](const ChunkedRow& row) { return measured(report, row); });
  return fmt::format("{} of {} rows were measured on {}{}.", count, report.rows.size(), report.dataset,
                     count == static_cast<std::ptrdiff_t>(report.rows.size()) ? "" : "; what is missing is said below");
}

std::string saving_text(const ChunkedReport& report) {
  const auto whole = encryption_summary(report, "whole", FlatChunks::any);
  const auto features = encryption_summary(report, "features", FlatChunks::any);
  if (!std::isfinite(whole.median) || !std::isfinite(features.median)) return "";
  std::string text = fmt::format("Encrypting a picture takes {} as one and {} by its feature chunks (medians)",
                                 span_text(whole.median), span_text(features.median));
  const auto half = encryption_summary(report, "features", FlatChunks::half);
  if (half.pictures > 0) {
    const auto all = encryption_summary(report, "whole", FlatChunks::half);
    text += fmt::format("; where just half of the chunks are flat it is {} faster", factor_text(all.mean / half.mean));
  }
  return text + fmt::format("; the paper has {} s less.", kPaperSavedSeconds);
}

std::string hidden_text(const ChunkedReport& report) {
  const ChunkedRow *features = find_row(report, "seed-features"), *hidden = find_row(report, "seed-hidden");
  if (features == nullptr || hidden == nullptr) return "";
  const double total = number_at(hidden->result, "seconds.total"), other = number_at(features->result, "seconds.total");
  const double least = number_at(hidden->result, "bytes.upload_min");
  const double most = number_at(hidden->result, "bytes.upload_max");
  if (!std::isfinite(total / other)) return "";
  return fmt::format(
      "Policy hidden takes {:.2f} times as long as features from encryption to answer, and sends {} "
      "for every picture; features sends {} to {}, by what the picture shows.",
      total / other, least == most ? size_text(most) : size_text(least) + " to " + size_text(most),
      size_text(number_at(features->result, "bytes.upload_min")),
      size_text(number_at(features->result, "bytes.upload_max")));
}

Section glance(const ChunkedReport& report) {
  Section section{"At a glance", {}};
  Bullets bullets;
  for (const auto& text :
       {measured_text(report), chunked_agreement_text(report), saving_text(report), hidden_text(report)}) {
    if (!text.empty()) bullets.items.push_back(text);
  }
  section.blocks.emplace_back(std::move(bullets));
  if (report.quick) {
    section.blocks.emplace_back(Paragraph{
        "A QUICK RUN on few pictures, with networks trained for few epochs unless they were there: times and sizes "
        "hold, accuracies are not for quoting.",
        true});
  }
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) section.blocks.emplace_back(Paragraph{row.title + ": " + row.problem, true});
  }
  return section;
}

Section keys(const ChunkedReport& report) {
  Section section{"Keys", {chunked_key_table(report)}};
  if (const Table table = chunked_program_key_table(report); !table.rows.empty() || !table.notes.empty()) {
    section.blocks.emplace_back(table);
  }
  return section;
}

Section times(const ChunkedReport& report) {
  Section section{"Encrypting one picture", {}};
  if (report.times.is_object()) {
    section.blocks.emplace_back(chunked_time_table(report));
    section.blocks.emplace_back(chunked_flat_table(report));
  } else {
    const std::string why =
        report.times_problem.empty() ? "no row of the paper's network was asked for" : report.times_problem;
    section.blocks.emplace_back(Paragraph{"Table 2 was not measured: " + why + ".", true});
  }
  return section;
}

Section accuracies(const ChunkedReport& report) {
  Section section{"Accuracy, plain and encrypted", {chunked_accuracy_table(report)}};
  const std::string text = chunked_agreement_text(report);
  if (!text.empty()) section.blocks.emplace_back(Paragraph{text, false});
  section.blocks.emplace_back(
      Paragraph{"Figure 9: the share of every class's pictures that are classified rightly.", false});
  for (auto& bars : chunked_bars(report)) section.blocks.emplace_back(std::move(bars));
  section.blocks.emplace_back(Paragraph{
      "Figure 10: confusion matrices. Colours go by the square root of the share, so that a single mistake is seen.",
      false});
  section.blocks.emplace_back(chunked_matrices(report));
  return section;
}

Section paper() {
  return {"What the paper gets wrong or leaves open",
          {Paragraph{chunked_citation() + ".", false}, Bullets{chunked_remarks()}}};
}

Section machine(const ChunkedReport& report) {
  Table table{"", {"", ""}, "ll", {}, {}};
  table.rows = {{"Processor", report.machine},
                {"Kernels", report.isa},
                {"Program", fmt::format("obscura {} ({})", report.version, report.build)},
                {"Date", report.date},
                {"Pictures", fmt::format("the test pictures of {}, 112x112, histograms equalised", report.dataset)},
                {"Randomness",
                 "keys and encryption noise come from the operating system, so logit errors differ from run to run; "
                 "training seeds are in the network files"}};
  return {"Machine and how to repeat it", {table, chunked_network_table(report), Commands{{report.command}}}};
}

}  // namespace

Document chunked_document(const ChunkedReport& report) {
  Document document{"Chunked, selective encryption again: a picture's chunks, all of them, or the picture", "", {}};
  document.subtitle = fmt::format("obscura {} on {}, {}{}", report.version, report.machine, report.date,
                                  report.quick ? ", QUICK RUN: not for quoting" : "");
  document.sections.push_back(glance(report));
  document.sections.push_back(keys(report));
  document.sections.push_back(times(report));
  document.sections.push_back(accuracies(report));
  document.sections.push_back({"What each policy costs", {chunked_cost_table(report)}});
  document.sections.push_back({"Merges", {chunked_merge_table(report)}});
  document.sections.push_back(paper());
  document.sections.push_back(machine(report));
  return document;
}

}  // namespace obscura::report
