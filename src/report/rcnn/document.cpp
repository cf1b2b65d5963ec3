#include "report/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/network_table.h"
#include "report/networks/data.h"
#include "report/rcnn/paper.h"
#include "report/rcnn/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

namespace paper = rcnn_paper;

std::string measured_text(const RcnnReport& report) {
  const auto count =
      std::count_if(report.rows.begin(), report.rows.end(), [](const RcnnRow& row) { return measured(row); });
  return fmt::format("{} of {} rows were measured on {}{}.", count, report.rows.size(), report.dataset,
                     count == static_cast<std::ptrdiff_t>(report.rows.size()) ? "" : "; what is missing is said below");
}

std::string accuracy_text(const RcnnReport& report) {
  const RcnnNetwork* network = find_network(report, "rcnn");
  if (network == nullptr || !std::isfinite(number_at(network->test, "plain_accuracy"))) return "";
  return fmt::format("The paper's network comes to {} of the test pictures here (95 %: {}); the paper has {}.",
                     percent_text(number_at(network->test, "plain_accuracy")),
                     percent_interval_text(network->test, "plain_accuracy_interval"),
                     percent_text(paper::kTestAccuracy));
}

std::string map_text(const RcnnReport& report) {
  const auto map = [&](const char* key) {
    const RcnnRow* row = find_row(report, key);
    return row == nullptr ? std::nan("") : number_at(row->result, "map");
  };
  std::string text;
  const auto add = [&](const char* what, double value) {
    if (std::isfinite(value)) text += fmt::format("{}{} {:.3f}", text.empty() ? "" : ", ", what, value);
  };
  add("600 selected features as bits", map("bits-gini")), add("to the letter", map("literal"));
  add("our embedding of 64 numbers", map("embed-cosine"));
  if (text.empty()) return "";
  return fmt::format("Mean average precision: {}; the paper has {:.3f}.", text, paper::kMap);
}

std::string time_text(const RcnnReport& report) {
  const RcnnRow* row = find_row(report, "trusted");
  if (row == nullptr) return "";
  const double encrypt = median_of_step(*row, "encrypts the picture under"),
               decrypt = median_of_step(*row, "decrypts it");
  if (!std::isfinite(encrypt) || !std::isfinite(decrypt)) return "";
  return fmt::format("A picture is encrypted in {} and decrypted in {}; the paper takes {} and {}.", span_text(encrypt),
                     span_text(decrypt), paper::seconds_text(paper::kEncryptSeconds),
                     paper::seconds_text(paper::kDecryptSeconds));
}

Section glance(const RcnnReport& report) {
  Section section{"At a glance", {}};
  Bullets bullets;
  for (const auto& text : {measured_text(report), accuracy_text(report), map_text(report), time_text(report)}) {
    if (!text.empty()) bullets.items.push_back(text);
  }
  section.blocks.emplace_back(std::move(bullets));
  section.blocks.emplace_back(Paragraph{
      "In the paper's protocol the server decrypts the picture. It is repeated here as mode trusted; the blind modes "
      "find pictures without that.",
      true});
  if (report.quick) {
    section.blocks.emplace_back(Paragraph{
        "A QUICK RUN on few pictures, with networks trained for few epochs unless they were there: times and sizes "
        "hold, scores are not for quoting.",
        true});
  }
  std::set<std::string> said;  // rows share what is wrong with their gallery or network
  const auto complain = [&](const std::string& title, const std::string& problem) {
    if (!problem.empty() && said.insert(problem).second)
      section.blocks.emplace_back(Paragraph{title + ": " + problem, true});
  };
  for (const auto& network : report.networks) complain(network.title, network.problem);
  for (const auto& gallery : report.galleries) complain(gallery.title, gallery.problem);
  for (const auto& row : report.rows) complain(row.title, row.problem);
  return section;
}

Section training(const RcnnReport& report) {
  Section section{"The network and its training", {rcnn_training_table(report)}};
  if (Plot curves = rcnn_curves(report); !curves.series.empty()) section.blocks.emplace_back(std::move(curves));
  section.blocks.emplace_back(rcnn_class_table(report));
  section.blocks.emplace_back(
      Paragraph{"Table 8: rows are what pictures are, columns what they are taken for.", false});
  section.blocks.emplace_back(rcnn_matrices(report));
  return section;
}

Section retrieval(const RcnnReport& report) {
  return {"Finding pictures",
          {rcnn_map_table(report), rcnn_map_bars(report), rcnn_precision_table(report), rcnn_works_table(report)}};
}

Section features(const RcnnReport& report) {
  Section section{"Features that a forest selects", {rcnn_forest_table(report)}};
  if (Table table = rcnn_overlap_table(report); !table.rows.empty()) section.blocks.emplace_back(std::move(table));
  return section;
}

Section encryption(const RcnnReport& report) {
  return {"Encryption",
          {rcnn_time_table(report), rcnn_ring_table(report),
           Paragraph{"Table 10, the p-values of NIST's tests of randomness on ciphertexts, was not measured here.",
                     false}}};
}

Section server(const RcnnReport& report) {
  Section section{"What the server sees", {}};
  if (auto saw = rcnn_server_saw(report); !saw.empty()) section.blocks.emplace_back(Bullets{std::move(saw)});
  section.blocks.emplace_back(rcnn_mode_table(report));
  if (Table steps = rcnn_step_table(report); !steps.rows.empty()) section.blocks.emplace_back(std::move(steps));
  return section;
}

Section sheets(const RcnnReport& report) {
  Section section{"What was found",
                  {Paragraph{"From the left: the test picture, what the server has of it, and the pictures that were "
                             "found, the nearest first.",
                             false}}};
  for (const auto& sheet : report.sheets) section.blocks.emplace_back(sheet);
  return section;
}

Section contradictions() {
  return {"What the paper gets wrong or leaves open",
          {Paragraph{paper::citation() + ".", false}, Bullets{paper::contradictions()}}};
}

Section machine(const RcnnReport& report) {
  Table table{"", {"", ""}, "ll", {}, {}};
  table.rows = {{"Processor", report.machine},
                {"Kernels", report.isa},
                {"Program", fmt::format("obscura {} ({})", report.version, report.build)},
                {"Date", report.date},
                {"Randomness",
                 "keys, encryption noise and ids of galleries come from the operating system; training, forests and "
                 "shuffled labels have seeds"}};
  return {"Machine and how to repeat it",
          {table, rcnn_network_table(report), rcnn_command_table(report), Commands{{report.command}}}};
}

}  // namespace

Table rcnn_network_table(const RcnnReport& report) {
  return network_table(report.networks);
}

Table rcnn_command_table(const RcnnReport& report) {
  Table table{"Steps and their times",
              {"Step", "Command", "Time"},
              "ll",
              {},
              {"Times are of the run that did the step, which may have been an earlier one."}};
  for (const auto& step : report.steps) {
    table.rows.push_back({step.name, step.command.empty() ? "in this process" : step.command, span_text(step.seconds)});
  }
  return table;
}

Document rcnn_document(const RcnnReport& report) {
  Document document{"RCNN_CKKS again: pictures found by a server that sees them, and by one that does not", "", {}};
  document.subtitle = fmt::format("obscura {} on {}, {}{}", report.version, report.machine, report.date,
                                  report.quick ? ", QUICK RUN: not for quoting" : "");
  document.sections = {glance(report),   training(report),   retrieval(report),
                       features(report), encryption(report), server(report)};
  if (!report.sheets.empty()) document.sections.push_back(sheets(report));
  document.sections.push_back(contradictions());
  document.sections.push_back(machine(report));
  return document;
}

}  // namespace obscura::report
