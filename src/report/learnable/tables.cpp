#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/learnable/learnable.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

/// What is under every table of ours: how to have its rows again, and where they were measured.
std::string repeat_note(const LearnableReport& report, const std::vector<std::string>& keys) {
  const bool all = keys.size() == report.rows.size();
  std::set<std::string> where;
  for (const auto& row : report.rows) {
    const bool here = std::find(keys.begin(), keys.end(), row.key) != keys.end();
    if (here && !row.machine.empty()) where.insert(fmt::format("obscura {}, {}", row.version, row.machine));
  }
  return fmt::format("To repeat it: obscura reproduce {}{}{} (or the commands of each row, below). {}.", report.subject,
                     report.quick ? " --quick" : "", all ? "" : fmt::format(" --only {}", fmt::join(keys, ",")),
                     where.empty() ? "Nothing of it is measured yet" : fmt::format("{}", fmt::join(where, "; ")));
}

double training_seconds(const LearnableRow& row) {
  if (!row.train.is_object() || !row.train.contains("epochs")) return std::nan("");
  double sum = 0;
  for (const auto& epoch : row.train.at("epochs")) sum += number_at(epoch, "seconds");
  return sum;
}

std::size_t epochs_of(const LearnableRow& row) {
  return row.train.is_object() && row.train.contains("epochs") ? row.train.at("epochs").size() : 0;
}

std::string image_note(const LearnableReport& report) {
  std::set<double> counts;
  for (const auto& row : report.rows) {
    const double images = number_at(row.train, "test.images");
    if (std::isfinite(images)) counts.insert(images);
  }
  std::vector<std::string> words;
  for (const double count : counts) words.push_back(count_text(count));
  const std::string which = words.empty() ? "" : fmt::format("{} ", fmt::join(words, " or "));
  return fmt::format(
      "Accuracy on {}test pictures, with its 95 % interval. The epoch was chosen on training pictures that were held "
      "back, never by the test pictures. Differences are given only between rows that learned from as many pictures "
      "for as many epochs.",
      which);
}

}  // namespace

std::string learned_from(const LearnableRow& row) {
  double images = number_at(row.train, "images.training");
  if (!std::isfinite(images)) return "";
  // Validation pictures of the data set's own are beside what is learned from.
  const double held = number_at(row.train, "images.validation");
  if (text_at(row.train, "validation_from") == "held_back" && std::isfinite(held)) images += held;
  const std::size_t epochs = epochs_of(row) / std::max<std::size_t>(row.rounds, 1);
  return fmt::format("{} pictures, {} epoch{}", count_text(images), epochs, epochs == 1 ? "" : "s");
}

std::string accuracy_interval(const LearnableRow& row) {
  if (!row.train.is_object() || !row.train.contains("test")) return kNothing;
  const auto& test = row.train.at("test");
  const auto interval = test.find("interval");
  if (interval == test.end() || !interval->is_array() || interval->size() != 2) return kNothing;
  return fmt::format("{:.1f} to {:.1f} %", 100 * interval->at(0).get<double>(), 100 * interval->at(1).get<double>());
}

std::string against_plain(const LearnableReport& report, const LearnableRow& row) {
  const LearnableRow* plain = find_row(report, row.plain);
  if (plain == nullptr || learned_from(*plain) != learned_from(row)) return kNothing;
  return points_text(learned_accuracy(row), learned_accuracy(*plain));
}

Table accuracy_table(const LearnableReport& report) {
  const bool paper = report.subject == "color-neuracrypt";
  Table table{"Accuracy", {"row", "pictures and network", "accuracy", "95 %", "points to plain"}, "ll", {}, {}};
  if (paper) table.headings.emplace_back("the paper's");
  for (const char* heading : {"learned from", "training"}) table.headings.emplace_back(heading);
  std::vector<std::string> keys;
  for (const auto& row : report.rows) {
    if (!row.main) continue;
    std::vector<std::string> cells = {row.key, row.title, percent_text(learned_accuracy(row)), accuracy_interval(row),
                                      against_plain(report, row)};
    if (paper) cells.push_back(percent_text(published_accuracy(report.subject, row.key)));
    cells.push_back(learned_from(row).empty() ? kNothing : learned_from(row));
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
    if (row.shield.empty() || !row.evaluate.is_object()) continue;
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
              {"row", "network", "accuracy", "PSNR, dB", "SSIM", "correlation", "of another key", "identified"},
              "ll",
              {},
              {}};
  std::vector<std::string> keys;
  double images = std::nan("");
  for (const auto& row : report.rows) {
    if (!row.adapts || !row.main) continue;
    table.rows.push_back(
        {row.key, row.title, percent_text(learned_accuracy(row)), fixed_text(number_at(row.reveal, "psnr"), 2),
         fixed_text(number_at(row.reveal, "ssim"), 3), fixed_text(number_at(row.reveal, "correlation"), 3),
         fixed_text(number_at(row.null, "correlation"), 3), percent_text(number_at(row.reveal, "identified"))});
    keys.push_back(row.key);
    if (row.reveal.is_object()) images = number_at(row.reveal, "images");
  }
  table.notes = {fmt::format(
      "{} test images that the network has not seen, tone of each channel fitted to the originals. Identified: images "
      "to which, among all of these, their own original is the nearest. Of another key: the correlation that the same "
      "score finds in pictures which a key protects that the network has never seen, which is what it is worth.",
      count_text(images))};
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
