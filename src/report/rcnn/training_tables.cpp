// The network and its training: the paper's figures beside ours.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "report/networks/data.h"
#include "report/rcnn/paper.h"
#include "report/rcnn/sections.h"
#include "report/scores.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;
namespace paper = rcnn_paper;

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

const ordered_json& null_json() {
  static const ordered_json kNull;
  return kNull;
}

const ordered_json& test_of(const RcnnReport& report) {
  const RcnnNetwork* network = find_network(report, "rcnn");
  return network == nullptr ? null_json() : network->test;
}

const ordered_json& curve_of(const RcnnReport& report) {
  const RcnnNetwork* network = find_network(report, "rcnn");
  return network == nullptr ? null_json() : network->curve;
}

/// The epoch that was kept; where the curve does not say which, the last.
const ordered_json& kept_epoch(const ordered_json& curve) {
  const auto& epochs = list_in(curve, "epochs");
  for (const auto& epoch : epochs) {
    if (number_at(epoch, "epoch") == number_at(curve, "kept_epoch")) return epoch;
  }
  return epochs.empty() ? null_json() : epochs.back();
}

struct EpochTimes {
  double mean = kNotMeasured, sum = kNotMeasured;
};

EpochTimes epoch_times(const ordered_json& curve) {
  const auto& epochs = list_in(curve, "epochs");
  if (epochs.empty()) return {};
  double sum = 0;
  for (const auto& epoch : epochs) sum += number_at(epoch, "seconds");
  return {sum / static_cast<double>(epochs.size()), sum};
}

/// The paper's row of a class of that name, or nothing.
std::size_t paper_class(const std::string& name) {
  const auto& names = paper::classes();
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string recall_interval(const ordered_json& one) {
  const double images = number_at(one, "images"), recall = number_at(one, "recall");
  if (!(images >= 1 && images < 1e9) || !(recall >= 0 && recall <= 1)) return kNothing;
  const auto interval =
      wilson_interval(static_cast<std::size_t>(std::lround(recall * images)), static_cast<std::size_t>(images));
  return fmt::format("{:.3f} to {:.3f}", interval.low, interval.high);
}

Matrix paper_matrix() {
  Matrix matrix{"The paper's Table 8", {}, {}, {}, "prediction"};
  matrix.classes.assign(paper::classes().begin(), paper::classes().end());
  for (const auto& row : paper::confusion()) matrix.counts.emplace_back(row.begin(), row.end());
  for (const auto& one : paper::figures_of_confusion()) matrix.f1.push_back(one.f1);
  return matrix;
}

std::string recipe_note(const ordered_json& curve) {
  const std::string recipe = text_at(curve, "recipe");
  return recipe.empty() ? "" : "Our recipe: " + recipe + ".";
}

}  // namespace

std::string percent_interval_text(const ordered_json& json, const std::string& name) {
  const auto& pair = list_in(json, name);
  if (pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) return kNothing;
  return fmt::format("{:.2f} to {:.2f}", 100 * pair[0].get<double>(), 100 * pair[1].get<double>());
}

Table rcnn_training_table(const RcnnReport& report) {
  Table table{"Training and accuracy", {"What", "Where in the paper", "Paper", "Ours", "95 %"}, "ll", {}, {}};
  const auto &test = test_of(report), &curve = curve_of(report), &kept = kept_epoch(curve);
  const auto times = epoch_times(curve);
  const auto row = [&](const char* what, const char* where, std::string printed, std::string ours,
                       std::string interval = kNothing) {
    table.rows.push_back({what, where, std::move(printed), std::move(ours), std::move(interval)});
  };
  row("Accuracy, test pictures", "Tables 7 and 12", percent_text(paper::kTestAccuracy),
      percent_text(number_at(test, "plain_accuracy")), percent_interval_text(test, "plain_accuracy_interval"));
  row("Accuracy, validation", "Table 6", percent_text(paper::kValidationAccuracy),
      percent_text(number_at(kept, "validation_accuracy")));
  row("Accuracy, training", "Table 6; abstract", percent_text(paper::kTrainingAccuracy),
      percent_text(number_at(kept, "train_accuracy")));
  row("Loss, test pictures", "Table 7", fixed_text(paper::kTestLoss, 3), kNothing);
  row("Loss, validation", "Table 6", fixed_text(paper::kValidationLoss, 4),
      fixed_text(number_at(kept, "validation_loss"), 4));
  row("Loss, training", "Table 6", fixed_text(paper::kTrainingLoss, 4), fixed_text(number_at(kept, "train_loss"), 4));
  row("Test pictures", "methods", "10,000", count_text(number_at(test, "images")));
  row("Pictures to train on", "Table 5", count_text(paper::kAugmentedTotal),
      count_text(number_at(curve, "images.training")));
  const auto epochs = list_in(curve, "epochs").size();
  row("Epochs", "Tables 2 and 6", count_text(paper::kEpochs),
      epochs == 0 ? kNothing : count_text(static_cast<double>(epochs)));
  row("An epoch", "Table 6", paper::seconds_text(paper::kEpochSeconds), span_text(times.mean));
  row("Training", "Table 11", paper::seconds_text(paper::kTrainingSeconds), span_text(times.sum));
  row("Testing", "Table 7", paper::seconds_text(paper::kTestSeconds), span_text(number_at(test, "seconds")));
  row("Testing", "Table 11", paper::seconds_text(paper::kTestingSeconds), span_text(number_at(test, "seconds")));
  if (std::string note = recipe_note(curve); !note.empty()) table.notes.push_back(std::move(note));
  table.notes.emplace_back(
      "Ours: training and validation figures are of the kept epoch, on augmented and on plain pictures; the test is of "
      "the written file, once, on all threads. 95 %: Wilson's interval. Pictures to train on: ours are changed as they "
      "are drawn, in one of the paper's eight ways or not at all, after validation and test were set apart. The paper: "
      "dual core, 2.7 GHz, 4 GB.");
  return table;
}

Table rcnn_class_table(const RcnnReport& report) {
  Table table{"Precision, recall and F1 of each class",
              {"Class", "Table 9: precision", "recall", "F1", "From Table 8: precision", "recall", "F1",
               "Ours: precision", "recall", "95 %", "F1"},
              "l",
              {},
              {"From Table 8: computed of its counts; the two tables are said to be of one test. 95 %: Wilson's "
               "interval of our recall."}};
  const auto from = paper::figures_of_confusion();
  std::array<bool, paper::kClasses> shown{};
  const auto figures = [&](std::size_t c) {
    std::vector<std::string> cells(6, kNothing);
    if (c >= paper::kClasses) return cells;
    shown[c] = true;
    const auto& printed = paper::class_figures()[c];
    cells = {fixed_text(printed.precision, 2), fixed_text(printed.recall, 2), fixed_text(printed.f1, 2),
             fixed_text(from[c].precision, 3), fixed_text(from[c].recall, 3), fixed_text(from[c].f1, 3)};
    return cells;
  };
  const auto add = [&](const std::string& name, const ordered_json& ours) {
    std::vector<std::string> cells = {name};
    for (auto& cell : figures(paper_class(name))) cells.push_back(std::move(cell));
    for (const auto& cell : {fixed_text(number_at(ours, "precision"), 3), fixed_text(number_at(ours, "recall"), 3),
                             recall_interval(ours), fixed_text(number_at(ours, "f1"), 3)}) {
      cells.push_back(cell);
    }
    table.rows.push_back(std::move(cells));
  };
  for (const auto& one : list_in(test_of(report), "per_class")) add(text_at(one, "class"), one);
  for (std::size_t c = 0; c < paper::kClasses; ++c) {
    if (!shown[c]) add(paper::classes()[c], null_json());
  }
  return table;
}

Matrices rcnn_matrices(const RcnnReport& report) {
  Matrices all{{paper_matrix()}};
  const auto& test = test_of(report);
  Matrix ours{fmt::format("Ours: {}", percent_text(number_at(test, "plain_accuracy"))), {}, {}, {}, "prediction"};
  for (const auto& name : list_in(test, "classes")) {
    ours.classes.push_back(name.is_string() ? name.get<std::string>() : "?");
  }
  for (const auto& counts : list_in(test, "confusion")) ours.counts.push_back(counts_of(counts));
  for (const auto& one : list_in(test, "per_class")) ours.f1.push_back(number_at(one, "f1"));
  if (!ours.counts.empty()) all.pictures.push_back(std::move(ours));
  return all;
}

Plot rcnn_curves(const RcnnReport& report) {
  Plot plot;
  plot.title = "Accuracy by epochs, and what the paper has after 100";
  plot.x_title = "epoch", plot.y_title = "accuracy, %", plot.percent = false;
  plot.y_low = 0, plot.y_high = 100;
  const auto& epochs = list_in(curve_of(report), "epochs");
  for (const auto& [name, field] : {std::pair("training", "train_accuracy"), {"validation", "validation_accuracy"}}) {
    Plot::Series series{name, {}};
    for (const auto& epoch : epochs) {
      const double x = number_at(epoch, "epoch"), y = 100 * number_at(epoch, field);
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      series.points.push_back({x, y, fmt::format("{}, epoch {:.0f}: {:.2f} %", name, x, y)});
      plot.x_high = std::max(plot.x_high, x);
    }
    if (!series.points.empty()) plot.series.push_back(std::move(series));
  }
  plot.levels = {{"the paper's training", 100 * paper::kTrainingAccuracy},
                 {"the paper's validation", 100 * paper::kValidationAccuracy}};
  return plot;
}

}  // namespace obscura::report
