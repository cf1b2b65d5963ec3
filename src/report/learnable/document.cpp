#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/learnable/learnable.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

bool is_er_cnn(const LearnableReport& report) {
  return report.subject == "er-cnn";
}

/// Whether an adaptation that was kept over fresh networks reveals more: the paper shows pictures only.
std::string rounds_text(const LearnableReport& report) {
  const LearnableRow *one = find_row(report, "hill-4-adapt"), *several = find_row(report, "hill-4-rounds");
  if (one == nullptr || several == nullptr) return "";
  const double alone = number_at(one->reveal, "psnr"), together = number_at(several->reveal, "psnr");
  if (!std::isfinite(alone) || !std::isfinite(together)) return "";
  return fmt::format("What the adaptation reveals after {} rounds: PSNR {:.2f} dB, after one {:.2f} dB ({:+.2f} dB).",
                     several->rounds, together, alone, together - alone);
}

Bars accuracy_bars(const LearnableReport& report) {
  Bars bars{"Test pictures classified rightly", {}};
  for (const auto& row : report.rows) bars.bars.push_back({row.title, learned_accuracy(row)});
  return bars;
}

Section glance(const LearnableReport& report) {
  Section section{"At a glance", {}};
  if (report.quick) {
    section.blocks.emplace_back(Paragraph{
        "A QUICK RUN: a few thousand pictures and an epoch or two. It shows that everything runs; its accuracies "
        "and verdicts say nothing about the methods. Leave out --quick for numbers that count.",
        true});
  }
  Bullets bullets;
  for (const auto& goal : goals(report)) bullets.items.push_back(goal.verdict());
  const std::string rounds = rounds_text(report);
  if (!rounds.empty()) bullets.items.push_back(rounds);
  if (!bullets.items.empty()) section.blocks.emplace_back(std::move(bullets));
  section.blocks.emplace_back(Paragraph{
      "Networks here read protected pictures as they are; nothing is encrypted in the sense of cryptography. What each "
      "protection is worth is said with the attacks below.",
      true});
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) section.blocks.emplace_back(Paragraph{row.title + ": " + row.problem, true});
  }
  section.blocks.emplace_back(accuracy_bars(report));
  return section;
}

Section accuracies(const LearnableReport& report) {
  Section section{"Plain against protected", {accuracy_table(report)}};
  const Table readers = reader_table(report);
  if (!readers.rows.empty()) section.blocks.emplace_back(readers);
  return section;
}

Section sweep(const LearnableReport& report) {
  Section section{"Size of the blocks", {}};
  section.blocks.emplace_back(Paragraph{
      "As in the report's figure 4-5, with the adaptation in each: larger blocks have more of the key to be learned.",
      false});
  Bars bars{"Accuracy by the size of the blocks", {}};
  for (const char* key : {"plain", "hill-2-adapt", "hill-4-adapt", "hill-8-adapt"}) {
    const LearnableRow* row = find_row(report, key);
    if (row == nullptr) continue;
    bars.bars.push_back({row->block == 0 ? "plain" : fmt::format("{0}x{0}", row->block), learned_accuracy(*row)});
  }
  section.blocks.emplace_back(std::move(bars));
  section.blocks.emplace_back(sweep_table(report));
  return section;
}

Section reveals(const LearnableReport& report) {
  Section section{is_er_cnn(report) ? "What the adaptation reveals, after one round and several" : "Pictures", {}};
  const Table table = reveal_table(report);
  if (!table.rows.empty()) section.blocks.emplace_back(table);
  for (const auto& strip : report.strips) section.blocks.emplace_back(strip);
  return section;
}

Section attacked(const LearnableReport& report) {
  Section section{"What broke them", {}};
  std::map<std::string, std::string> promises;
  for (const auto& row : report.rows) {
    if (!row.promise.empty()) promises[row.shield] = row.promise;
  }
  Bullets bullets;
  for (const auto& [shield, promise] : promises) bullets.items.push_back(fmt::format("{} {}.", shield, promise));
  if (!bullets.items.empty()) section.blocks.emplace_back(std::move(bullets));
  const Table table = attack_table(report);
  if (!table.rows.empty()) section.blocks.emplace_back(table);
  for (const auto& attack : report.attacks) {
    if (attack.problem.empty()) continue;
    section.blocks.emplace_back(Paragraph{fmt::format("Attacks on {}: {}", attack.title, attack.problem), true});
  }
  for (const auto& sheet : report.sheets) section.blocks.emplace_back(sheet);
  return section;
}

Section published(const LearnableReport& report) {
  return {"The paper's figures, read closely",
          {Paragraph{published_citation(report.subject) + ".", false}, published_table(report.subject),
           Paragraph{published_caveat(report.subject), false}, Bullets{published_remarks(report.subject)}}};
}

Section machine(const LearnableReport& report) {
  Table table{"", {"", ""}, "ll", {}, {}};
  table.rows = {{"Processor", report.machine},
                {"Kernels", report.isa},
                {"Threads", std::to_string(report.threads)},
                {"Program", fmt::format("obscura {} ({})", report.version, report.build)},
                {"Seed", std::to_string(report.seed)},
                {"Date", report.date}};
  return {"Machine and how to repeat it", {table, command_table(report), Commands{{report.command}}}};
}

std::string title_of(const LearnableReport& report) {
  return is_er_cnn(report) ? "ER-CNN again: hill's cipher and networks that adapt to it"
                           : "Color-NeuraCrypt again: random networks as keys";
}

}  // namespace

Document learnable_document(const LearnableReport& report) {
  Document document{title_of(report), "", {}};
  document.subtitle = fmt::format("obscura {} on {}, {}{}", report.version, report.machine, report.date,
                                  report.quick ? ", QUICK RUN: not for quoting" : "");
  document.sections.push_back(glance(report));
  document.sections.push_back(accuracies(report));
  if (is_er_cnn(report) && !sweep_table(report).rows.empty()) document.sections.push_back(sweep(report));
  if (Section section = reveals(report); !section.blocks.empty()) document.sections.push_back(std::move(section));
  if (Section section = attacked(report); !section.blocks.empty()) document.sections.push_back(std::move(section));
  document.sections.push_back(published(report));
  document.sections.push_back(machine(report));
  return document;
}

}  // namespace obscura::report
