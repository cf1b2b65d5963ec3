#include "report/chunked/chunked.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/networks/data.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

constexpr const char* kKind = "obscura report on chunked networks";
constexpr int kFormat = 1;

ordered_json network_json(const ChunkedNetwork& network) {
  return {{"key", network.key},         {"title", network.title}, {"model", network.model},
          {"summary", network.summary}, {"file", network.file},   {"digest", network.digest},
          {"command", network.command}, {"own", network.own},     {"trained", network.trained},
          {"problem", network.problem}, {"plain", network.plain}};
}

ordered_json row_json(const ChunkedRow& row) {
  return {{"key", row.key},   {"title", row.title},     {"network", row.network}, {"policy", row.policy},
          {"mode", row.mode}, {"problem", row.problem}, {"result", row.result}};
}

ChunkedNetwork read_network(const ordered_json& json) {
  ChunkedNetwork network;
  json.at("key").get_to(network.key);
  json.at("title").get_to(network.title);
  json.at("model").get_to(network.model);
  json.at("summary").get_to(network.summary);
  json.at("file").get_to(network.file);
  json.at("digest").get_to(network.digest);
  json.at("command").get_to(network.command);
  json.at("own").get_to(network.own);
  json.at("trained").get_to(network.trained);
  json.at("problem").get_to(network.problem);
  network.plain = json.at("plain");
  return network;
}

ChunkedRow read_row(const ordered_json& json) {
  ChunkedRow row;
  json.at("key").get_to(row.key);
  json.at("title").get_to(row.title);
  json.at("network").get_to(row.network);
  json.at("policy").get_to(row.policy);
  json.at("mode").get_to(row.mode);
  json.at("problem").get_to(row.problem);
  row.result = json.at("result");
  return row;
}

ChunkedReport read_fields(const ordered_json& json) {
  if (json.at("kind") != kKind || json.at("format") != kFormat) throw FormatError("this JSON is no such report");
  ChunkedReport report;
  json.at("version").get_to(report.version);
  json.at("build").get_to(report.build);
  json.at("date").get_to(report.date);
  json.at("machine").get_to(report.machine);
  json.at("isa").get_to(report.isa);
  json.at("command").get_to(report.command);
  json.at("dataset").get_to(report.dataset);
  json.at("quick").get_to(report.quick);
  for (const auto& network : json.at("networks")) report.networks.push_back(read_network(network));
  for (const auto& row : json.at("rows")) report.rows.push_back(read_row(row));
  report.keys = json.at("keys");
  report.times = json.at("times");
  json.at("keys_problem").get_to(report.keys_problem);
  json.at("times_problem").get_to(report.times_problem);
  return report;
}

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
  ordered_json networks = ordered_json::array(), rows = ordered_json::array();
  for (const auto& network : report.networks) networks.push_back(network_json(network));
  for (const auto& row : report.rows) rows.push_back(row_json(row));
  return {{"kind", kKind},
          {"format", kFormat},
          {"subject", "chunked"},
          {"version", report.version},
          {"build", report.build},
          {"date", report.date},
          {"machine", report.machine},
          {"isa", report.isa},
          {"command", report.command},
          {"dataset", report.dataset},
          {"quick", report.quick},
          {"networks", networks},
          {"rows", rows},
          {"keys", report.keys},
          {"keys_problem", report.keys_problem},
          {"times", report.times},
          {"times_problem", report.times_problem}};
}

ChunkedReport read_chunked(const ordered_json& json) {
  try {
    return read_fields(json);
  } catch (const ordered_json::exception& e) {
    throw FormatError(fmt::format("this JSON is no report on chunked networks: {}", e.what()));
  }
}

}  // namespace obscura::report
