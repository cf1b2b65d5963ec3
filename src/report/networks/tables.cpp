#include <fmt/format.h>

#include <cmath>

#include "report/networks/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr const char* kMacroNote =
    "F1: the paper's scores equal its accuracies, so they are micro averages; ours are macro averages.";
constexpr const char* kSpeedNote =
    "Speed-up: the paper's time an image over ours. Ours is the wall time of the whole run (encrypt, expand, evaluate, "
    "decrypt); network and keys are prepared once before, in the times of the table of parameters.";

/// "+0.31", in brackets where the images are not the paper's.
std::string difference(const ReportRow& row, double ours, double paper) {
  const std::string text = points_text(ours, paper);
  return row.other_data && text != kNothing ? "(" + text + ")" : text;
}

Table paper_table(const Report& report, std::string title, std::vector<std::string> headings, bool speeds) {
  Table table{std::move(title), std::move(headings), "l", {}, {kMacroNote}};
  for (const ReportRow* row : rows_of_paper(report)) {
    if (const auto text = recipe_text(*row); text.starts_with("otherwise")) {
      table.notes.push_back(fmt::format("{}: trained {} (Table 1)", row->title, text));
    }
  }
  if (speeds) table.notes.emplace_back(kSpeedNote);
  const auto notes = row_notes(rows_of_paper(report));
  table.notes.insert(table.notes.end(), notes.begin(), notes.end());
  return table;
}

}  // namespace

Table training_table(const Report& report) {
  Table table{"Table 1: networks and their training",
              {"Network", "Layers", "Training, paper", "Training, ours", "File"},
              "lllll",
              {},
              row_notes(rows_of_paper(report))};
  for (const ReportRow* row : rows_of_paper(report)) {
    const PaperRow& paper = *find_paper_row(row->key);
    const std::string file = row->network.substr(row->network.find_last_of('/') + 1);
    table.rows.push_back({row_label(*row), paper.layers, paper.training, recipe_text(*row),
                          file.empty() ? kNothing : file + (row->trained ? " (trained now)" : "")});
  }
  return table;
}

Table plain_table(const Report& report) {
  Table table = paper_table(report, "Table 3: networks on plain images",
                            {"Network", "F1, paper", "F1, ours", "Accuracy, paper", "Accuracy, ours", "Difference",
                             "Test time, paper", "Test time, ours", "Images, ours"},
                            false);
  for (const ReportRow* row : rows_of_paper(report)) {
    const PaperRow& paper = *find_paper_row(row->key);
    const ordered_json& run = accuracy_run(*row);
    const double accuracy = number_at(run, "plain_accuracy");
    table.rows.push_back({row_label(*row), share_text(paper.plain_f1), share_text(number_at(run, "plain_f1_macro")),
                          percent_text(paper.plain_accuracy()), percent_text(accuracy),
                          difference(*row, accuracy, paper.plain_accuracy()), span_text(paper.plain_seconds),
                          span_text(number_at(run, "seconds.plain")), count_text(number_at(run, "images"))});
  }
  for (const ReportRow* row : rows_of_paper(report)) {
    const std::string fitted = text_at(accuracy_run(*row), "fitted_from.name");
    if (fitted.empty()) continue;
    table.notes.push_back(
        fmt::format("{}: what is called plain is a network with polynomials fitted to the activations of "
                    "{}; what fitting lost is not in these figures.",
                    row_label(*row), fitted));
  }
  return table;
}

Table encrypted_table(const Report& report) {
  Table table = paper_table(report, "Table 4: networks on encrypted images",
                            {"Network", "F1, paper", "F1, ours", "Accuracy, paper", "Accuracy, ours", "Difference",
                             "Agreement with plain", "Time, paper", "Time, ours", "Images, ours", "Speed-up"},
                            true);
  for (const ReportRow* row : rows_of_paper(report)) {
    const PaperRow& paper = *find_paper_row(row->key);
    const ordered_json& run = accuracy_run(*row);
    const double accuracy = number_at(run, "encrypted_accuracy");
    table.rows.push_back(
        {row_label(*row), share_text(paper.encrypted_f1), share_text(number_at(run, "f1_macro")),
         percent_text(paper.encrypted_accuracy()), percent_text(accuracy),
         difference(*row, accuracy, paper.encrypted_accuracy()), percent_text(number_at(run, "agreement")),
         span_text(paper.encrypted_seconds), span_text(number_at(run, "seconds.total")),
         count_text(number_at(run, "images")),
         factor_text(paper.seconds_per_image() * number_at(run, "images") / number_at(run, "seconds.total"))});
  }
  return table;
}

Table joint_table(const Report& report) {
  Table table = paper_table(report, "Table 5: plain and encrypted together (paper above, ours below)",
                            {"Network", "", "Plain accuracy", "Plain F1", "Encrypted accuracy", "Encrypted F1",
                             "Encrypted - plain", "Encrypted time", "Images"},
                            false);
  table.align = "ll";
  table.notes.emplace_back("Encrypted - plain: percentage points.");
  for (const ReportRow* row : rows_of_paper(report)) {
    const PaperRow& paper = *find_paper_row(row->key);
    const ordered_json& run = accuracy_run(*row);
    table.rows.push_back({row_label(*row), "paper", percent_text(paper.plain_accuracy()), share_text(paper.plain_f1),
                          percent_text(paper.encrypted_accuracy()), share_text(paper.encrypted_f1),
                          points_text(paper.encrypted_accuracy(), paper.plain_accuracy()),
                          span_text(paper.encrypted_seconds), count_text(PaperRow::kImages)});
    const double plain = number_at(run, "plain_accuracy"), encrypted = number_at(run, "encrypted_accuracy");
    table.rows.push_back({"", "ours", percent_text(plain), share_text(number_at(run, "plain_f1_macro")),
                          percent_text(encrypted), share_text(number_at(run, "f1_macro")),
                          points_text(encrypted, plain), span_text(number_at(run, "seconds.total")),
                          count_text(number_at(run, "images"))});
  }
  return table;
}

Table own_table(const Report& report) {
  Table table{"Obscura's own networks",
              {"Network", "Images", "Plain accuracy", "Encrypted accuracy", "Encrypted F1", "Same class as plain",
               "Mode", "Threads", "Whole run", "An image"},
              "l",
              {},
              row_notes(rows_of_own(report))};
  for (const ReportRow* row : rows_of_own(report)) {
    const ordered_json& run = accuracy_run(*row);
    const double images = number_at(run, "images"), total = number_at(run, "seconds.total");
    const std::string mode = text_at(run, "mode");
    table.rows.push_back({row_label(*row), count_text(images), percent_text(number_at(run, "plain_accuracy")),
                          percent_text(number_at(run, "encrypted_accuracy")), share_text(number_at(run, "f1_macro")),
                          percent_text(number_at(run, "agreement")), mode.empty() ? kNothing : mode,
                          count_text(number_at(run, "threads")), span_text(total), span_text(total / images)});
  }
  return table;
}

}  // namespace obscura::report
