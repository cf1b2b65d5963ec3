#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "report/learnable/learnable.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

bool is_er_cnn(const LearnableReport& report) {
  return report.subject == "er-cnn";
}

/// How near the best of the adaptations that learned from labels alone come to the plain pictures.
std::string correlation_text(const LearnableReport& report) {
  constexpr double kGoal = 0.7;
  const LearnableRow* best = nullptr;
  for (const auto& row : report.rows) {
    if (row.series.empty() || !std::isfinite(number_at(row.reveal, "correlation"))) continue;
    if (best == nullptr || number_at(row.reveal, "correlation") > number_at(best->reveal, "correlation")) best = &row;
  }
  if (best == nullptr) return "";
  const double reached = number_at(best->reveal, "correlation");
  return fmt::format(
      "Goal: pictures revealed from labels alone with a correlation of 0.7 to the plain ones: {}best of the rounds is "
      "{} of row {} (of another key: {}).",
      report.quick       ? "not judged: a quick run; "
      : reached >= kGoal ? "reached: "
                         : "missed: ",
      fixed_text(reached, 3), best->key, fixed_text(number_at(best->null, "correlation"), 3));
}

Bars accuracy_bars(const LearnableReport& report) {
  Bars bars{"Test pictures classified rightly", {}};
  for (const auto& row : report.rows) {
    if (row.main) bars.bars.push_back({row.title, learned_accuracy(row)});
  }
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
  if (const auto text = correlation_text(report); !text.empty()) bullets.items.push_back(text);
  if (const auto text = pretraining_text(report); !text.empty()) bullets.items.push_back(text);
  if (!bullets.items.empty()) section.blocks.emplace_back(std::move(bullets));
  section.blocks.emplace_back(
      Paragraph{std::string("Networks here read protected pictures as they are; nothing is encrypted in the sense of "
                            "cryptography. What each protection is worth ") +
                    (report.attacks.empty() ? "is what attacks make of it: obscura audit attack, and shields.md."
                                            : "is said with the attacks below."),
                true});
  for (const auto& row : report.rows) {
    if (!row.problem.empty()) section.blocks.emplace_back(Paragraph{row.title + ": " + row.problem, true});
  }
  if (auto bars = accuracy_bars(report); !bars.bars.empty()) section.blocks.emplace_back(std::move(bars));
  return section;
}

Section accuracies(const LearnableReport& report) {
  Section section{"Plain against protected", {}};
  if (Table table = accuracy_table(report); !table.rows.empty()) section.blocks.emplace_back(std::move(table));
  const Table readers = reader_table(report);
  if (!readers.rows.empty()) section.blocks.emplace_back(readers);
  return section;
}

/// All of the paper's figures, tables and sections, with what stands for each.
Section counterparts(const LearnableReport& report) {
  Section section{"The paper's figures and what stands for them", {}};
  Table table{"", {"figure", "what", "the paper", "here"}, "llll", {}, {}};
  for (const auto& figure : report.figures) {
    table.rows.push_back({figure.id, figure.title, figure.paper, figure_state(report, figure)});
  }
  section.blocks.emplace_back(std::move(table));
  Bullets absent;
  for (const auto& figure : report.figures) {
    if (figure.rows.empty()) absent.items.push_back(fmt::format("{}: {}", figure.title, figure.remark));
  }
  if (!absent.items.empty()) section.blocks.emplace_back(std::move(absent));
  return section;
}

/// Whether any row of the figure belongs to a series of seeds or rounds.
bool has_series(const LearnableReport& report, const LearnableFigure& figure) {
  return std::any_of(figure.rows.begin(), figure.rows.end(), [&](const std::string& key) {
    const LearnableRow* row = find_row(report, key);
    return row != nullptr && !row->series.empty();
  });
}

/// Empty where the run was not asked for any row of it: the table of all figures says so.
Section figure_section(const LearnableReport& report, const LearnableFigure& figure) {
  Section section{fmt::format("{} ({})", figure.title, figure.id), {}};
  Table rows = figure_table(report, figure);
  if (rows.rows.empty()) return section;
  section.blocks.emplace_back(Paragraph{"The paper: " + figure.paper, false});
  if (!figure.remark.empty()) section.blocks.emplace_back(Paragraph{"Here: " + figure.remark, false});
  if (has_series(report, figure)) section.blocks.emplace_back(rounds_table(report, figure));
  section.blocks.emplace_back(std::move(rows));
  if (!figure.curves) return section;
  Plot curves = figure_curves(report, figure);
  if (!curves.series.empty()) section.blocks.emplace_back(std::move(curves));
  return section;
}

Section missing(const LearnableReport& report) {
  return {"Not run",
          {Paragraph{"Nothing is said of these above. Finished rows are kept, and the rows that one builds on are "
                     "trained first.",
                     false},
           missing_table(report)}};
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
                {"Threads", std::to_string(report.threads)},
                {"Program", fmt::format("obscura {} ({})", report.version, report.build)},
                {"Date", report.date}};
  return {"Machine and how to repeat it", {table, command_table(report), Commands{{report.command}}}};
}

/// How much of it is measured, and where.
std::string subtitle_of(const LearnableReport& report) {
  const auto measured = std::count_if(report.rows.begin(), report.rows.end(),
                                      [](const LearnableRow& row) { return std::isfinite(learned_accuracy(row)); });
  std::string text = fmt::format("obscura {}, {} of {} rows measured", report.version, measured, report.rows.size());
  if (measured > 0) text += fmt::format(" on {}, {}", report.machine, report.date);
  return text + (report.quick ? ", QUICK RUN: not for quoting" : "");
}

std::string title_of(const LearnableReport& report) {
  return is_er_cnn(report) ? "ER-CNN again: hill's cipher and networks that adapt to it"
                           : "Color-NeuraCrypt again: random networks as keys";
}

}  // namespace

Document learnable_document(const LearnableReport& report) {
  Document document{title_of(report), "", {}};
  document.subtitle = subtitle_of(report);
  document.sections.push_back(glance(report));
  const auto add = [&](Section section) {
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  };
  add(accuracies(report));
  if (!report.figures.empty()) document.sections.push_back(counterparts(report));
  for (const auto& figure : report.figures) {
    add(figure_section(report, figure));
  }
  add(reveals(report));
  add(attacked(report));
  document.sections.push_back(published(report));
  if (!missing_table(report).rows.empty()) document.sections.push_back(missing(report));
  document.sections.push_back(machine(report));
  return document;
}

}  // namespace obscura::report
