// How good rankings are, and what the forests selected.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/networks/data.h"
#include "report/rcnn/paper.h"
#include "report/rcnn/sections.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
namespace paper = rcnn_paper;

std::string share(double value) {
  return fixed_text(value, 3);
}

/// What the paper says is done; the forest's criterion is "Gini, entropy" in its Table 4.
bool is_papers(const RcnnRow& row) {
  return row.key == "bits-gini" || row.key == "bits-entropy" || row.key == "literal";
}

std::vector<std::string> problems(const RcnnReport& report) {
  std::vector<std::string> notes;
  for (const auto& row : report.rows) {
    if (row.mode.empty() && !row.problem.empty()) notes.push_back(fmt::format("{}: {}", row.title, row.problem));
  }
  return notes;
}

std::string forest_name(const ordered_json& forest) {
  return fmt::format("{}, seed {}", text_at(forest, "impurity"), count_text(number_at(forest, "seed")));
}

double best_map(const RcnnReport& report) {
  double best = std::nan("");
  for (const auto& row : report.rows) {
    if (row.mode.empty()) best = std::fmax(best, number_at(row.result, "map"));
  }
  return best;
}

}  // namespace

std::string share_interval_text(const ordered_json& json, const std::string& name) {
  const auto& pair = list_in(json, name);
  if (pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) return kNothing;
  return fmt::format("{:.3f} to {:.3f}", pair[0].get<double>(), pair[1].get<double>());
}

Table rcnn_map_table(const RcnnReport& report) {
  Table table{"Table 13: mean average precision",
              {"Row", "Pictures are compared by", "Distance", "Numbers", "Gallery", "Queries", "Paper", "Ours", "95 %",
               "Ties averaged", "Labels shuffled"},
              "lll",
              {},
              problems(report)};
  for (const auto& row : report.rows) {
    if (!row.mode.empty()) continue;
    const ordered_json& r = row.result;
    const std::string distance = text_at(r, "distance");
    table.rows.push_back({row.key, row.title, distance.empty() ? kNothing : distance,
                          count_text(number_at(r, "gallery.dimension")), count_text(number_at(r, "gallery.images")),
                          count_text(number_at(r, "images")), is_papers(row) ? share(paper::kMap) : kNothing,
                          share(number_at(r, "map")), share_interval_text(r, "map_interval"),
                          share(number_at(r, "map_tied")), share(number_at(r, "map_null"))});
  }
  table.notes.push_back(fmt::format(
      "Queries are test pictures, the gallery is training pictures, relevant are those of the query's class, over the "
      "whole ranking. The paper's {:.3f} is of one system, which is read in three ways here; beside it, it names {} "
      "\"for retriever images\" and not what that measures.",
      paper::kMap, percent_text(paper::kRetrieverImages)));
  table.notes.emplace_back(
      "Ties averaged: in expectation where equally near pictures come in any order; else they come in the gallery's. "
      "Labels shuffled: the same rankings with the gallery's labels dealt out anew, which is chance. The embedding "
      "that "
      "ships was chosen by half of the test pictures, which flatters it a little.");
  return table;
}

Table rcnn_precision_table(const RcnnReport& report) {
  Table table{"Precision among the first 5 and 100",
              {"Row", "Pictures are compared by", "Paper", "P@5", "95 %", "Ties averaged", "Labels shuffled", "P@100",
               "95 %", "Ties averaged", "Labels shuffled"},
              "ll",
              {},
              {"The paper returns five pictures and prints no precision at 5 or 100."}};
  for (const auto& row : report.rows) {
    if (!row.mode.empty()) continue;
    std::vector<std::string> cells = {row.key, row.title, kNothing};
    for (const std::string name : {"precision_at_5", "precision_at_100"}) {
      cells.push_back(share(number_at(row.result, name)));
      cells.push_back(share_interval_text(row.result, name + "_interval"));
      cells.push_back(share(number_at(row.result, name + "_tied")));
      cells.push_back(share(number_at(row.result, name + "_null")));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Bars rcnn_map_bars(const RcnnReport& report) {
  Bars bars{"Mean average precision", {{"as the paper prints it", paper::kMap}}};
  for (const auto& row : report.rows) {
    if (row.mode.empty()) bars.bars.push_back({row.title, number_at(row.result, "map")});
  }
  return bars;
}

Table rcnn_works_table(const RcnnReport& report) {
  Table table{"Tables 12 and 13: works that the paper compares itself with",
              {"Work", "Accuracy", "mAP"},
              "l",
              {},
              {"As printed there; they were not repeated here. Ours: the paper's network, and the best mAP of the rows "
               "above."}};
  for (const auto& work : paper::compared()) {
    table.rows.push_back({work.work, work.accuracy > 0 ? percent_text(work.accuracy) : kNothing, share(work.map)});
  }
  const RcnnNetwork* network = find_network(report, "rcnn");
  const ordered_json none;
  table.rows.push_back({"ours", percent_text(number_at(network == nullptr ? none : network->test, "plain_accuracy")),
                        share(best_map(report))});
  return table;
}

Table rcnn_forest_table(const RcnnReport& report) {
  Table table{
      "Table 4: what the forests select",
      {"Forest", "Pictures", "Features", "Selected", "Share of the importance", "Selected without importance", "Time"},
      "l",
      {},
      {"30 trees of depth 10, as in Table 4, on the gallery's pictures and labels. Importance: by how much a "
       "feature lowers impurity (mean decrease). The paper prints no importance."}};
  const auto& f = report.features;
  for (const auto& forest : list_in(f, "forests")) {
    table.rows.push_back({forest_name(forest), count_text(number_at(f, "pictures")),
                          count_text(number_at(f, "features")), count_text(number_at(f, "selected")),
                          percent_text(number_at(forest, "importance_share")), count_text(number_at(forest, "idle")),
                          span_text(number_at(forest, "seconds"))});
  }
  if (!report.features_problem.empty()) table.notes.push_back(report.features_problem);
  return table;
}

Table rcnn_overlap_table(const RcnnReport& report) {
  Table table{"Is what they select stable?",
              {"Forests", "Selected by both", "Share", "Two random selections"},
              "l",
              {},
              {"Two forests by Gini impurity that differ in the seed alone say what of a difference is chance."}};
  const auto& f = report.features;
  const auto& forests = list_in(f, "forests");
  for (const auto& pair : list_in(f, "overlaps")) {
    const double one = number_at(pair, "one"), other = number_at(pair, "other");
    const auto count = static_cast<double>(forests.size());
    if (!(one >= 0 && one < count && other >= 0 && other < count)) continue;
    const double both = number_at(pair, "both");
    table.rows.push_back({fmt::format("{} and {}", forest_name(forests[static_cast<std::size_t>(one)]),
                                      forest_name(forests[static_cast<std::size_t>(other)])),
                          count_text(both), percent_text(both / number_at(f, "selected")),
                          percent_text(number_at(f, "selected") / number_at(f, "features"))});
  }
  return table;
}

}  // namespace obscura::report
