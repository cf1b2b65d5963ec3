#include "report/chunked/chunked.h"

#include <algorithm>
#include <cmath>

#include "report/fields.h"
#include "report/networks/data.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr ReportKind kKind{"obscura report on chunked networks", 1, "no report on chunked networks"};

constexpr std::tuple kNetworkFields{
    Field{"key", &ChunkedNetwork::key},         Field{"title", &ChunkedNetwork::title},
    Field{"model", &ChunkedNetwork::model},     Field{"summary", &ChunkedNetwork::summary},
    Field{"file", &ChunkedNetwork::file},       Field{"digest", &ChunkedNetwork::digest},
    Field{"command", &ChunkedNetwork::command}, Field{"own", &ChunkedNetwork::own},
    Field{"trained", &ChunkedNetwork::trained}, Field{"problem", &ChunkedNetwork::problem},
    Field{"plain", &ChunkedNetwork::plain}};

constexpr std::tuple kRowFields{Field{"key", &ChunkedRow::key},         Field{"title", &ChunkedRow::title},
                                Field{"network", &ChunkedRow::network}, Field{"policy", &ChunkedRow::policy},
                                Field{"mode", &ChunkedRow::mode},       Field{"problem", &ChunkedRow::problem},
                                Field{"result", &ChunkedRow::result}};

constexpr std::tuple kFields{
    Field{"version", &ChunkedReport::version}, Field{"build", &ChunkedReport::build},
    Field{"date", &ChunkedReport::date},       Field{"machine", &ChunkedReport::machine},
    Field{"isa", &ChunkedReport::isa},         Field{"command", &ChunkedReport::command},
    Field{"dataset", &ChunkedReport::dataset}, Field{"quick", &ChunkedReport::quick},
    Field{"keys", &ChunkedReport::keys},       Field{"keys_problem", &ChunkedReport::keys_problem},
    Field{"times", &ChunkedReport::times},     Field{"times_problem", &ChunkedReport::times_problem}};

template <typename List>
auto* find_in(const List& list, const std::string& key) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.key == key; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const ChunkedNetwork* find_network(const ChunkedReport& report, const std::string& key) {
  return find_in(report.networks, key);
}

const ChunkedRow* find_row(const ChunkedReport& report, const std::string& key) {
  return find_in(report.rows, key);
}

const ordered_json& plain_of(const ChunkedReport& report, const ChunkedRow& row) {
  static const ordered_json kNull;
  const ChunkedNetwork* network = find_network(report, row.network);
  return network == nullptr ? kNull : network->plain;
}

double plain_accuracy(const ChunkedReport& report, const ChunkedRow& row) {
  // Policy hidden looks at other chunks: its own plain run counts.
  const double own = number_at(row.result, "plain_accuracy");
  return std::isfinite(own) ? own : number_at(plain_of(report, row), "plain_accuracy");
}

double encrypted_accuracy(const ChunkedRow& row) {
  return number_at(row.result, "encrypted_accuracy");
}

bool measured(const ChunkedReport& report, const ChunkedRow& row) {
  return row.policy == "plain" ? std::isfinite(plain_accuracy(report, row)) : std::isfinite(encrypted_accuracy(row));
}

ordered_json chunked_json(const ChunkedReport& report) {
  ordered_json json = kKind.begin();
  json["subject"] = "chunked";
  put_fields(json, report, kFields);
  json["networks"] = list_json(report.networks, kNetworkFields);
  json["rows"] = list_json(report.rows, kRowFields);
  return json;
}

ChunkedReport read_chunked(const ordered_json& json) {
  return kKind.read(json, [](const ordered_json& fields) {
    auto report = get_fields(fields, kFields);
    report.networks = read_list<ChunkedNetwork>(fields.at("networks"), kNetworkFields);
    report.rows = read_list<ChunkedRow>(fields.at("rows"), kRowFields);
    return report;
  });
}

}  // namespace obscura::report
