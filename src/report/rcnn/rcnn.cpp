#include "report/rcnn/rcnn.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/fields.h"
#include "report/networks/data.h"
#include "report/rcnn/sections.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr ReportKind kKind{"obscura report on RCNN_CKKS", 1, "no report on RCNN_CKKS"};

constexpr std::tuple kNetworkFields{Field{"key", &RcnnNetwork::key},         Field{"title", &RcnnNetwork::title},
                                    Field{"model", &RcnnNetwork::model},     Field{"summary", &RcnnNetwork::summary},
                                    Field{"file", &RcnnNetwork::file},       Field{"digest", &RcnnNetwork::digest},
                                    Field{"command", &RcnnNetwork::command}, Field{"trained", &RcnnNetwork::trained},
                                    Field{"problem", &RcnnNetwork::problem}, Field{"test", &RcnnNetwork::test},
                                    Field{"curve", &RcnnNetwork::curve}};

constexpr std::tuple kGalleryFields{Field{"key", &RcnnGallery::key}, Field{"title", &RcnnGallery::title},
                                    Field{"problem", &RcnnGallery::problem}, Field{"result", &RcnnGallery::result}};

constexpr std::tuple kRowFields{Field{"key", &RcnnRow::key},         Field{"title", &RcnnRow::title},
                                Field{"gallery", &RcnnRow::gallery}, Field{"mode", &RcnnRow::mode},
                                Field{"problem", &RcnnRow::problem}, Field{"result", &RcnnRow::result}};

constexpr std::tuple kStepFields{Field{"name", &RcnnStep::name}, Field{"command", &RcnnStep::command},
                                 Field{"seconds", &RcnnStep::seconds}};

constexpr std::tuple kFields{
    Field{"version", &RcnnReport::version},   Field{"build", &RcnnReport::build},
    Field{"date", &RcnnReport::date},         Field{"machine", &RcnnReport::machine},
    Field{"isa", &RcnnReport::isa},           Field{"command", &RcnnReport::command},
    Field{"dataset", &RcnnReport::dataset},   Field{"quick", &RcnnReport::quick},
    Field{"features", &RcnnReport::features}, Field{"features_problem", &RcnnReport::features_problem},
    Field{"rings", &RcnnReport::rings}};

template <typename List>
auto* find_in(const List& list, const std::string& key) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.key == key; });
  return found == list.end() ? nullptr : &*found;
}

/// Of finite numbers.
double median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// The places of what a search found, ascending.
std::vector<double> found_places(const ordered_json& search) {
  std::vector<double> places;
  for (const auto& hit : list_in(search, "results")) places.push_back(number_at(hit, "index"));
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace

const ordered_json& list_in(const ordered_json& json, const std::string& name) {
  static const ordered_json kEmpty = ordered_json::array();
  if (!json.is_object() || !json.contains(name) || !json.at(name).is_array()) return kEmpty;
  return json.at(name);
}

const RcnnNetwork* find_network(const RcnnReport& report, const std::string& key) {
  return find_in(report.networks, key);
}

const RcnnGallery* find_gallery(const RcnnReport& report, const std::string& key) {
  return find_in(report.galleries, key);
}

const RcnnRow* find_row(const RcnnReport& report, const std::string& key) {
  return find_in(report.rows, key);
}

bool measured(const RcnnRow& row) {
  return row.mode.empty() ? std::isfinite(number_at(row.result, "map"))
                          : std::isfinite(median_of_searches(row, "seconds.total"));
}

double median_of_searches(const RcnnRow& row, const std::string& place) {
  std::vector<double> values;
  if (row.result.is_array()) {
    for (const auto& search : row.result) values.push_back(number_at(search, place));
  }
  return median(values);
}

double median_of_step(const RcnnRow& row, const std::string& what) {
  std::vector<double> values;
  if (!row.result.is_array()) return median(values);
  for (const auto& search : row.result) {
    for (const auto& step : list_in(search, "steps")) {
      if (!text_at(step, "what").starts_with(what)) continue;
      values.push_back(number_at(step, "seconds"));
      break;
    }
  }
  return median(values);
}

SameFound same_found(const RcnnRow& one, const RcnnRow& other) {
  SameFound found;
  if (!one.result.is_array() || !other.result.is_array()) return found;
  for (std::size_t i = 0; i < std::min(one.result.size(), other.result.size()); ++i) {
    const auto places = found_places(one.result[i]);
    if (places.empty()) continue;
    ++found.whole;
    found.same += places == found_places(other.result[i]) ? 1 : 0;
  }
  return found;
}

ordered_json rcnn_json(const RcnnReport& report) {
  ordered_json json = kKind.begin();
  json["subject"] = "rcnn";
  put_fields(json, report, kFields);
  json["networks"] = list_json(report.networks, kNetworkFields);
  json["galleries"] = list_json(report.galleries, kGalleryFields);
  json["rows"] = list_json(report.rows, kRowFields);
  json["steps"] = list_json(report.steps, kStepFields);
  return json;
}

RcnnReport read_rcnn(const ordered_json& json) {
  return kKind.read(json, [](const ordered_json& fields) {
    auto report = get_fields(fields, kFields);
    report.networks = read_list<RcnnNetwork>(fields.at("networks"), kNetworkFields);
    report.galleries = read_list<RcnnGallery>(fields.at("galleries"), kGalleryFields);
    report.rows = read_list<RcnnRow>(fields.at("rows"), kRowFields);
    report.steps = read_list<RcnnStep>(fields.at("steps"), kStepFields);
    return report;
  });
}

}  // namespace obscura::report
