#include "report/learnable/learnable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/fields.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr ReportKind kKind{"obscura report on learnable protection", 2, "no report on learnable protection"};
constexpr ReportKind kRowKind{"obscura row of reproduce", 1, "no row of reproduce's journal"};
constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

struct GoalPlan {
  const char* subject;
  const char* row;
  const char* reference;
  double points;
  const char* text;
};

constexpr GoalPlan kGoals[] = {
    {"er-cnn", "hill-4-adapt", "plain", -2, "hill 4x4 with the adaptation within 2 points of plain"},
    {"er-cnn", "hill-4-blind", "plain", -2,
     "hill 4x4 with the adaptation that finds the key from protected pictures alone within 2 points of plain"},
    {"er-cnn", "hill-4-match", "plain", -2,
     "hill 4x4 with the adaptation that starts from matched statistics within 2 points of plain"},
    {"er-cnn", "still-1-last", "plain-half-1", -5,
     "hill 4x4 from labels alone, behind a network pretrained on other pictures, within 5 points of plain"},
    {"color-neuracrypt", "color-neuracrypt", "plain", -5, "color-neuracrypt within 5 points of plain"},
    {"color-neuracrypt", "color-neuracrypt", "neuracrypt", 10, "color-neuracrypt at least 10 points above neuracrypt"},
    {"color-neuracrypt", "mnist-neuracrypt", "mnist-plain", -3, "neuracrypt on MNIST within 3 points of plain"},
};

constexpr std::tuple kRowFields{Field{"key", &LearnableRow::key},         Field{"title", &LearnableRow::title},
                                Field{"dataset", &LearnableRow::dataset}, Field{"plain", &LearnableRow::plain},
                                Field{"shield", &LearnableRow::shield},   Field{"promise", &LearnableRow::promise},
                                Field{"block", &LearnableRow::block},     Field{"rounds", &LearnableRow::rounds},
                                Field{"seed", &LearnableRow::seed},       Field{"series", &LearnableRow::series},
                                Field{"round", &LearnableRow::round},     Field{"adapts", &LearnableRow::adapts},
                                Field{"main", &LearnableRow::main},       Field{"command", &LearnableRow::command},
                                Field{"version", &LearnableRow::version}, Field{"machine", &LearnableRow::machine},
                                Field{"date", &LearnableRow::date},       Field{"problem", &LearnableRow::problem},
                                Field{"train", &LearnableRow::train},     Field{"evaluate", &LearnableRow::evaluate},
                                Field{"reveal", &LearnableRow::reveal},   Field{"null", &LearnableRow::null}};

constexpr std::tuple kFigureFields{Field{"id", &LearnableFigure::id},       Field{"title", &LearnableFigure::title},
                                   Field{"paper", &LearnableFigure::paper}, Field{"remark", &LearnableFigure::remark},
                                   Field{"rows", &LearnableFigure::rows},   Field{"curves", &LearnableFigure::curves}};

constexpr std::tuple kAttackFields{Field{"title", &LearnableAttack::title}, Field{"command", &LearnableAttack::command},
                                   Field{"problem", &LearnableAttack::problem},
                                   Field{"result", &LearnableAttack::result}};

constexpr std::tuple kFields{Field{"subject", &LearnableReport::subject}, Field{"version", &LearnableReport::version},
                             Field{"build", &LearnableReport::build},     Field{"date", &LearnableReport::date},
                             Field{"machine", &LearnableReport::machine}, Field{"isa", &LearnableReport::isa},
                             Field{"command", &LearnableReport::command}, Field{"threads", &LearnableReport::threads},
                             Field{"quick", &LearnableReport::quick}};

ordered_json goal_json(const Goal& goal) {
  const auto number = [](double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(); };
  return {{"goal", goal.text},
          {"row", goal.row},
          {"reference", goal.reference},
          {"points", goal.points},
          {"accuracy", number(goal.accuracy)},
          {"reference_accuracy", number(goal.reference_accuracy)},
          {"reached", goal.measured() && goal.unjudged.empty() ? ordered_json(goal.reached()) : ordered_json()}};
}

/// Why two rows say nothing about each other; empty: they do.
std::string unjudged_by(const LearnableReport& report, const LearnableRow& row, const LearnableRow& reference) {
  if (report.quick) return "a quick run";
  const std::string own = learned_from(row), other = learned_from(reference);
  return own == other ? "" : fmt::format("one learned from {}, the other from {}", own, other);
}

}  // namespace

bool Goal::measured() const {
  return std::isfinite(accuracy) && std::isfinite(reference_accuracy);
}

bool Goal::reached() const {
  // A hundredth of a point is less than one of the test pictures.
  return measured() && unjudged.empty() && 100 * (accuracy - reference_accuracy) >= points - 1e-9;
}

std::string Goal::verdict() const {
  if (!measured()) return fmt::format("Goal: {}: not measured.", text);
  if (!unjudged.empty()) return fmt::format("Goal: {}: not judged: {}.", text, unjudged);
  return fmt::format("Goal: {}: {}: {} against {} ({} points).", text, reached() ? "reached" : "missed",
                     percent_text(accuracy), percent_text(reference_accuracy),
                     points_text(accuracy, reference_accuracy));
}

std::vector<Goal> goals(const LearnableReport& report) {
  std::vector<Goal> out;
  for (const GoalPlan& plan : kGoals) {
    if (report.subject != plan.subject) continue;
    const LearnableRow* row = find_row(report, plan.row);
    const LearnableRow* reference = find_row(report, plan.reference);
    if (row == nullptr || reference == nullptr) continue;
    out.push_back({plan.text, plan.row, plan.reference, plan.points, learned_accuracy(*row),
                   learned_accuracy(*reference), unjudged_by(report, *row, *reference)});
  }
  return out;
}

const LearnableRow* find_row(const LearnableReport& report, const std::string& key) {
  const auto found =
      std::find_if(report.rows.begin(), report.rows.end(), [&](const LearnableRow& row) { return row.key == key; });
  return found == report.rows.end() ? nullptr : &*found;
}

double evaluated_accuracy(const LearnableRow& row, const std::string& network, const std::string& pictures) {
  if (!row.evaluate.is_object() || !row.evaluate.contains("rows")) return kNotMeasured;
  for (const auto& one : row.evaluate.at("rows")) {
    if (text_at(one, "network") == network && text_at(one, "pictures") == pictures) return number_at(one, "accuracy");
  }
  return kNotMeasured;
}

double learned_accuracy(const LearnableRow& row) {
  const double evaluated = evaluated_accuracy(row, "network", row.shield.empty() ? "plain" : "protected");
  return std::isfinite(evaluated) ? evaluated : number_at(row.train, "test_accuracy");
}

ordered_json learnable_json(const LearnableReport& report) {
  ordered_json json = kKind.begin(), wanted = ordered_json::array();
  for (const auto& goal : goals(report)) wanted.push_back(goal_json(goal));
  put_fields(json, report, kFields);
  json["goals"] = wanted;
  json["rows"] = list_json(report.rows, kRowFields);
  json["figures"] = list_json(report.figures, kFigureFields);
  json["attacks"] = list_json(report.attacks, kAttackFields);
  return json;
}

LearnableReport read_learnable(const ordered_json& json) {
  return kKind.read(json, [](const ordered_json& fields) {
    auto report = get_fields(fields, kFields);
    report.rows = read_list<LearnableRow>(fields.at("rows"), kRowFields);
    report.figures = read_list<LearnableFigure>(fields.at("figures"), kFigureFields);
    report.attacks = read_list<LearnableAttack>(fields.at("attacks"), kAttackFields);
    return report;
  });
}

ordered_json row_json(const LearnableRow& row) {
  ordered_json json = kRowKind.begin();
  put_fields(json, row, kRowFields);
  return json;
}

LearnableRow read_row(const ordered_json& json) {
  return kRowKind.read(json, [](const ordered_json& fields) { return get_fields(fields, kRowFields); });
}

}  // namespace obscura::report
