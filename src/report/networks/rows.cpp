#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "report/networks/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

std::string data_note(const ReportRow& row) {
  if (row.dataset == "kmnist-split") {
    return "Own split: Kuzushiji-MNIST's training images were not at hand, so 8,000 of its 10,000 test images served "
           "to "
           "train and the other 2,000 to test. The paper trains on 60,000 and tests on 10,000: accuracies are not "
           "comparable and their differences stand in brackets.";
  }
  return fmt::format(
      "{} was measured on the data set {}, not on the paper's images: not comparable, differences stand "
      "in brackets.",
      row.title, row.dataset);
}

void add_once(std::vector<std::string>& notes, std::string note) {
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
}

std::vector<const ReportRow*> rows_where(const Report& report, bool in_paper) {
  std::vector<const ReportRow*> rows;
  for (const auto& row : report.rows) {
    if ((find_paper_row(row.key) != nullptr) == in_paper) rows.push_back(&row);
  }
  return rows;
}

}  // namespace

std::string row_label(const ReportRow& row) {
  if (!row.other_data) return row.title;
  return fmt::format("{} ({})", row.title, row.dataset == "kmnist-split" ? "own split" : "on " + row.dataset);
}

std::vector<std::string> row_notes(const std::vector<const ReportRow*>& rows) {
  std::vector<std::string> notes;
  for (const ReportRow* row : rows) {
    if (row->other_data) add_once(notes, data_note(*row));
    if (!row->problem.empty()) add_once(notes, fmt::format("{}: {}", row->title, row->problem));
  }
  return notes;
}

std::string recipe_text(const ReportRow& row) {
  if (row.command.empty()) return kNothing;
  std::istringstream words(row.command);
  std::string others;
  for (std::string word, value; words >> word;) {
    if (word == "obscura" || word == "train") continue;
    words >> value;
    const bool same =
        word == "--model" || word == "--dataset" || word == "--out" || word == "--seed" || word == "--threads";
    if (!same) others += fmt::format(" {} {}", word, value);
  }
  return others.empty() ? kPaperRecipe : "otherwise:" + others;
}

const nlohmann::ordered_json& accuracy_run(const ReportRow& row) {
  return row.whole.is_object() ? row.whole : row.single;
}

double single_seconds(const ReportRow& row) {
  if (number_at(row.single, "threads") != 1) return std::numeric_limits<double>::quiet_NaN();
  return number_at(row.single, "seconds.total") / number_at(row.single, "images");
}

double whole_seconds_per_image(const ReportRow& row) {
  return number_at(row.whole, "seconds.total") / number_at(row.whole, "images");
}

std::vector<const ReportRow*> rows_of_paper(const Report& report) {
  return rows_where(report, true);
}

std::vector<const ReportRow*> rows_of_own(const Report& report) {
  return rows_where(report, false);
}

}  // namespace obscura::report
