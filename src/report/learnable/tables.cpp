#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "report/learnable/learnable.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

/// What is under every table of ours: how to have its rows again, and where they were measured.
std::string repeat_note(const LearnableReport& report, const std::vector<std::string>& keys) {
  const bool all = keys.size() == report.rows.size();
  return fmt::format(
      "To repeat it: obscura reproduce {}{}{} (or the commands of each row, below). Seed {}, obscura {}, {}.",
      report.subject, report.quick ? " --quick" : "", all ? "" : fmt::format(" --only {}", fmt::join(keys, ",")),
      report.seed, report.version, report.machine);
}

double training_seconds(const LearnableRow& row) {
  if (!row.train.is_object() || !row.train.contains("epochs")) return std::nan("");
  double sum = 0;
  for (const auto& epoch : row.train.at("epochs")) sum += number_at(epoch, "seconds");
  return sum;
}

std::string epochs_text(const LearnableRow& row) {
  if (!row.train.is_object() || !row.train.contains("epochs")) return kNothing;
  const std::size_t epochs = row.train.at("epochs").size();
  return row.rounds > 1 ? fmt::format("{} x {}", row.rounds, epochs / row.rounds) : std::to_string(epochs);
}

std::string against_plain(const LearnableReport& report, const LearnableRow& row) {
  const LearnableRow* plain = find_row(report, row.plain);
  return plain == nullptr ? kNothing : points_text(learned_accuracy(row), learned_accuracy(*plain));
}

std::string image_note(const LearnableReport& report) {
  for (const auto& row : report.rows) {
    const double images = number_at(row.evaluate, "images");
    if (std::isfinite(images)) {
      return fmt::format("Accuracy on {} test pictures after the last epoch; no epoch was chosen by it.",
                         count_text(images));
    }
  }
  return "Accuracy on test pictures after the last epoch; no epoch was chosen by it.";
}

}  // namespace

Table accuracy_table(const LearnableReport& report) {
  const bool paper = report.subject == "color-neuracrypt";
  Table table{"Accuracy", {"row", "pictures and network", "accuracy", "points to plain"}, "ll", {}, {}};
  if (paper) table.headings.emplace_back("the paper's");
  for (const char* heading : {"epochs", "training"}) table.headings.emplace_back(heading);
  std::vector<std::string> keys;
  for (const auto& row : report.rows) {
    std::vector<std::string> cells = {row.key, row.title, percent_text(learned_accuracy(row)),
                                      against_plain(report, row)};
    if (paper) cells.push_back(percent_text(published_accuracy(report.subject, row.key)));
    cells.push_back(epochs_text(row));
    cells.push_back(span_text(training_seconds(row)));
    table.rows.push_back(std::move(cells));
    keys.push_back(row.key);
  }
  table.notes = {image_note(report)};
  if (paper) table.notes.push_back(published_caveat(report.subject));
  table.notes.push_back(repeat_note(report, keys));
  return table;
}

Table reader_table(const LearnableReport& report) {
  Table table{"Which network reads which pictures",
              {"row", "its own", "another key's", "plain ones", "plain network on its pictures"},
              "l",
              {},
              {"\"Another key's\": pictures that the same shield protected with a key that the network has not seen. "
               "The plain network was trained on plain pictures and reads protected ones as they are."}};
  std::vector<std::string> keys;
  for (const auto& row : report.rows) {
    if (row.shield.empty()) continue;
    table.rows.push_back({row.key, percent_text(learned_accuracy(row)),
                          percent_text(evaluated_accuracy(row, "network", "protected with another key")),
                          percent_text(evaluated_accuracy(row, "network", "plain")),
                          percent_text(evaluated_accuracy(row, "plain network", "protected"))});
    keys.push_back(row.key);
  }
  table.notes.push_back(repeat_note(report, keys));
  return table;
}

Table reveal_table(const LearnableReport& report) {
  Table table{"What the adaptation knows of the key",
              {"row", "network", "accuracy", "PSNR, dB", "SSIM", "correlation", "identified"},
              "ll",
              {},
              {}};
  std::vector<std::string> keys;
  double images = std::nan("");
  for (const auto& row : report.rows) {
    if (!row.adapts) continue;
    table.rows.push_back({row.key, row.title, percent_text(learned_accuracy(row)),
                          fixed_text(number_at(row.reveal, "psnr"), 2), fixed_text(number_at(row.reveal, "ssim"), 3),
                          fixed_text(number_at(row.reveal, "correlation"), 3),
                          percent_text(number_at(row.reveal, "identified"))});
    keys.push_back(row.key);
    if (row.reveal.is_object()) images = number_at(row.reveal, "images");
  }
  table.notes = {fmt::format(
      "{} test images that the network has not seen, tone of each channel fitted to the originals. Identified: images "
      "to which, among all of these, their own original is the nearest.",
      count_text(images))};
  table.notes.push_back(repeat_note(report, keys));
  return table;
}

Table sweep_table(const LearnableReport& report) {
  Table table{"", {"row", "block", "key entries a channel", "accuracy", "points to plain", "PSNR, dB"}, "l", {}, {}};
  std::vector<std::string> keys;
  for (const char* key : {"hill-2-adapt", "hill-4-adapt", "hill-8-adapt"}) {
    const LearnableRow* row = find_row(report, key);
    if (row == nullptr) continue;
    const std::size_t samples = row->block * row->block;
    table.rows.push_back({row->key, fmt::format("{0}x{0}", row->block), fmt::format("{0} x {0}", samples),
                          percent_text(learned_accuracy(*row)), against_plain(report, *row),
                          fixed_text(number_at(row->reveal, "psnr"), 2)});
    keys.push_back(row->key);
  }
  table.notes.push_back(repeat_note(report, keys));
  return table;
}

Table attack_table(const LearnableReport& report) {
  Table table{"Attacks on the keys of this report",
              {"key", "attack", "attacker has", "what came of it", "time"},
              "llll",
              {},
              {}};
  for (const auto& one : report.attacks) {
    if (!one.result.is_object() || !one.result.contains("attacks")) continue;
    for (const auto& attack : one.result.at("attacks")) {
      const std::string verdict = text_at(attack, "verdict");
      table.rows.push_back({one.title, text_at(attack, "attack"), text_at(attack, "threat"),
                            verdict.empty() ? "could not be tried: " + text_at(attack, "problem") : verdict,
                            span_text(number_at(attack, "seconds"))});
    }
    table.notes.push_back("To repeat it: " + one.command);
  }
  return table;
}

Table command_table(const LearnableReport& report) {
  Table table{"Commands of the rows", {"row", "command"}, "ll", {}, {}};
  for (const auto& row : report.rows) {
    const std::string command = text_at(row.train, "command");
    if (!command.empty()) table.rows.push_back({row.key, command});
  }
  table.notes = {
      "Keys are drawn by the operating system when there is none in the folder yet: with another key the numbers "
      "differ "
      "a little. Networks, keys and what was measured lie in the folder of --out."};
  return table;
}

}  // namespace obscura::report
