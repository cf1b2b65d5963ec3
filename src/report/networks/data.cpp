#include "report/networks/data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/fields.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr ReportKind kKind{"obscura report", 1, "not a report"};

constexpr std::tuple kRowFields{Field{"key", &ReportRow::key},         Field{"title", &ReportRow::title},
                                Field{"model", &ReportRow::model},     Field{"summary", &ReportRow::summary},
                                Field{"dataset", &ReportRow::dataset}, Field{"network", &ReportRow::network},
                                Field{"digest", &ReportRow::digest},   Field{"command", &ReportRow::command},
                                Field{"trained", &ReportRow::trained}, Field{"other_data", &ReportRow::other_data},
                                Field{"problem", &ReportRow::problem}, Field{"whole", &ReportRow::whole},
                                Field{"single", &ReportRow::single}};

constexpr std::tuple kFields{Field{"subject", &Report::subject}, Field{"version", &Report::version},
                             Field{"build", &Report::build},     Field{"date", &Report::date},
                             Field{"machine", &Report::machine}, Field{"isa", &Report::isa},
                             Field{"command", &Report::command}, Field{"quick", &Report::quick}};

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

}  // namespace

ordered_json report_json(const Report& report) {
  ordered_json json = kKind.begin();
  put_fields(json, report, kFields);
  json["rows"] = list_json(report.rows, kRowFields);
  return json;
}

Report read_report(const ordered_json& json) {
  return kKind.read(json, [](const ordered_json& fields) {
    auto report = get_fields(fields, kFields);
    report.rows = read_list<ReportRow>(fields.at("rows"), kRowFields);
    return report;
  });
}

std::vector<std::size_t> counts_of(const ordered_json& list) {
  std::vector<std::size_t> counts;
  if (!list.is_array()) return counts;
  for (const auto& one : list) {
    const double value = one.is_number() ? one.get<double>() : 0;
    counts.push_back(value > 0 && value < 1e15 ? static_cast<std::size_t>(value) : 0);
  }
  return counts;
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
