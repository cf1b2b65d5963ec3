#include "report/networks/data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr const char* kKind = "obscura report";
constexpr int kFormat = 1;

const ordered_json* find(const ordered_json& json, const std::string& path) {
  const ordered_json* at = &json;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    if (!at->is_object()) return nullptr;
    const auto next = at->find(path.substr(begin, end - begin));
    if (next == at->end()) return nullptr;
    at = &*next;
    begin = end + 1;
  }
  return at;
}

ordered_json row_json(const ReportRow& row) {
  return {{"key", row.key},         {"title", row.title},           {"model", row.model},     {"summary", row.summary},
          {"dataset", row.dataset}, {"network", row.network},       {"digest", row.digest},   {"command", row.command},
          {"trained", row.trained}, {"other_data", row.other_data}, {"problem", row.problem}, {"whole", row.whole},
          {"single", row.single}};
}

ReportRow read_row(const ordered_json& json) {
  ReportRow row;
  json.at("key").get_to(row.key);
  json.at("title").get_to(row.title);
  json.at("model").get_to(row.model);
  json.at("summary").get_to(row.summary);
  json.at("dataset").get_to(row.dataset);
  json.at("network").get_to(row.network);
  json.at("digest").get_to(row.digest);
  json.at("command").get_to(row.command);
  json.at("trained").get_to(row.trained);
  json.at("other_data").get_to(row.other_data);
  json.at("problem").get_to(row.problem);
  row.whole = json.at("whole");
  row.single = json.at("single");
  return row;
}

Report read_fields(const ordered_json& json) {
  Report report;
  if (json.at("kind") != kKind || json.at("format") != kFormat) throw FormatError("this JSON is not a report");
  json.at("subject").get_to(report.subject);
  json.at("version").get_to(report.version);
  json.at("build").get_to(report.build);
  json.at("date").get_to(report.date);
  json.at("machine").get_to(report.machine);
  json.at("isa").get_to(report.isa);
  json.at("command").get_to(report.command);
  json.at("quick").get_to(report.quick);
  for (const auto& row : json.at("rows")) report.rows.push_back(read_row(row));
  return report;
}

}  // namespace

ordered_json report_json(const Report& report) {
  ordered_json rows = ordered_json::array();
  for (const auto& row : report.rows) rows.push_back(row_json(row));
  return {{"kind", kKind},
          {"format", kFormat},
          {"subject", report.subject},
          {"version", report.version},
          {"build", report.build},
          {"date", report.date},
          {"machine", report.machine},
          {"isa", report.isa},
          {"command", report.command},
          {"quick", report.quick},
          {"rows", rows}};
}

Report read_report(const ordered_json& json) {
  try {
    return read_fields(json);
  } catch (const nlohmann::json::exception& e) {
    throw FormatError(std::string("this JSON is not a report: ") + e.what());
  }
}

double number_at(const ordered_json& json, const std::string& path) {
  const ordered_json* value = find(json, path);
  return value != nullptr && value->is_number() ? value->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::string text_at(const ordered_json& json, const std::string& path) {
  const ordered_json* value = find(json, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace obscura::report
