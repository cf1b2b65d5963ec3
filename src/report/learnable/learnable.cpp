#include "report/learnable/learnable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr const char* kKind = "obscura report on learnable protection";
constexpr int kFormat = 1;
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
    {"color-neuracrypt", "color-neuracrypt", "plain", -5, "color-neuracrypt within 5 points of plain"},
    {"color-neuracrypt", "color-neuracrypt", "neuracrypt", 10, "color-neuracrypt at least 10 points above neuracrypt"},
    {"color-neuracrypt", "mnist-neuracrypt", "mnist-plain", -3, "neuracrypt on MNIST within 3 points of plain"},
};

ordered_json row_json(const LearnableRow& row) {
  return {{"key", row.key},       {"title", row.title},     {"dataset", row.dataset}, {"plain", row.plain},
          {"shield", row.shield}, {"promise", row.promise}, {"block", row.block},     {"rounds", row.rounds},
          {"adapts", row.adapts}, {"problem", row.problem}, {"train", row.train},     {"evaluate", row.evaluate},
          {"reveal", row.reveal}};
}

LearnableRow read_row(const ordered_json& json) {
  LearnableRow row;
  json.at("key").get_to(row.key);
  json.at("title").get_to(row.title);
  json.at("dataset").get_to(row.dataset);
  json.at("plain").get_to(row.plain);
  json.at("shield").get_to(row.shield);
  json.at("promise").get_to(row.promise);
  json.at("block").get_to(row.block);
  json.at("rounds").get_to(row.rounds);
  json.at("adapts").get_to(row.adapts);
  json.at("problem").get_to(row.problem);
  row.train = json.at("train");
  row.evaluate = json.at("evaluate");
  row.reveal = json.at("reveal");
  return row;
}

ordered_json goal_json(const Goal& goal) {
  const auto number = [](double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(); };
  return {{"goal", goal.text},
          {"row", goal.row},
          {"reference", goal.reference},
          {"points", goal.points},
          {"accuracy", number(goal.accuracy)},
          {"reference_accuracy", number(goal.reference_accuracy)},
          {"reached", goal.measured() ? ordered_json(goal.reached()) : ordered_json()}};
}

LearnableReport read_fields(const ordered_json& json) {
  if (json.at("kind") != kKind || json.at("format") != kFormat) throw FormatError("this JSON is no such report");
  LearnableReport report;
  json.at("subject").get_to(report.subject);
  json.at("version").get_to(report.version);
  json.at("build").get_to(report.build);
  json.at("date").get_to(report.date);
  json.at("machine").get_to(report.machine);
  json.at("isa").get_to(report.isa);
  json.at("command").get_to(report.command);
  json.at("threads").get_to(report.threads);
  json.at("seed").get_to(report.seed);
  json.at("quick").get_to(report.quick);
  for (const auto& row : json.at("rows")) report.rows.push_back(read_row(row));
  for (const auto& attack : json.at("attacks")) {
    report.attacks.push_back({attack.at("title"), attack.at("command"), attack.at("problem"), attack.at("result")});
  }
  return report;
}

}  // namespace

bool Goal::measured() const {
  return std::isfinite(accuracy) && std::isfinite(reference_accuracy);
}

bool Goal::reached() const {
  // A hundredth of a point is less than one of the test pictures.
  return measured() && 100 * (accuracy - reference_accuracy) >= points - 1e-9;
}

std::string Goal::verdict() const {
  if (!measured()) return fmt::format("Goal: {}: not measured.", text);
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
    out.push_back(
        {plan.text, plan.row, plan.reference, plan.points, learned_accuracy(*row), learned_accuracy(*reference)});
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
  ordered_json rows = ordered_json::array(), attacks = ordered_json::array(), wanted = ordered_json::array();
  for (const auto& row : report.rows) rows.push_back(row_json(row));
  for (const auto& goal : goals(report)) wanted.push_back(goal_json(goal));
  for (const auto& a : report.attacks) {
    attacks.push_back({{"title", a.title}, {"command", a.command}, {"problem", a.problem}, {"result", a.result}});
  }
  return {{"kind", kKind},
          {"format", kFormat},
          {"subject", report.subject},
          {"version", report.version},
          {"build", report.build},
          {"date", report.date},
          {"machine", report.machine},
          {"isa", report.isa},
          {"command", report.command},
          {"threads", report.threads},
          {"seed", report.seed},
          {"quick", report.quick},
          {"goals", wanted},
          {"rows", rows},
          {"attacks", attacks}};
}

LearnableReport read_learnable(const ordered_json& json) {
  try {
    return read_fields(json);
  } catch (const ordered_json::exception& e) {
    throw FormatError(fmt::format("this JSON is no report on learnable protection: {}", e.what()));
  }
}

}  // namespace obscura::report
