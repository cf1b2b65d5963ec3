#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"

namespace obscura::report {

/// A member of a struct and its key in JSON. Structs that are written and read have one list of them, so that what is
/// written is what is read.
template <typename Struct, typename Value>
struct Field {
  const char* key;
  Value Struct::*member;
};

/// Adds those members to an object, in the order of the list.
template <typename Struct, typename... Values>
void put_fields(nlohmann::ordered_json& json, const Struct& from, const std::tuple<Field<Struct, Values>...>& fields) {
  std::apply([&](const auto&... field) { ((json[field.key] = from.*field.member), ...); }, fields);
}

/// The inverse. Throws nlohmann's exception where a key is missing or of another type.
template <typename Struct, typename... Values>
Struct get_fields(const nlohmann::ordered_json& json, const std::tuple<Field<Struct, Values>...>& fields) {
  Struct into;
  std::apply([&](const auto&... field) { (json.at(field.key).get_to(into.*field.member), ...); }, fields);
  return into;
}

/// The same for an array of such objects.
template <typename Struct, typename Fields>
nlohmann::ordered_json list_json(const std::vector<Struct>& list, const Fields& fields) {
  auto json = nlohmann::ordered_json::array();
  for (const Struct& one : list) put_fields(json.emplace_back(nlohmann::ordered_json::object()), one, fields);
  return json;
}

template <typename Struct, typename Fields>
std::vector<Struct> read_list(const nlohmann::ordered_json& json, const Fields& fields) {
  std::vector<Struct> list;
  for (const auto& one : json) list.push_back(get_fields(one, fields));
  return list;
}

/// What the JSON of a report begins with.
struct ReportKind {
  const char* kind;
  int format;
  const char* text;  ///< "no report on ...", for errors

  nlohmann::ordered_json begin() const { return {{"kind", kind}, {"format", format}}; }

  /// What `read` makes of the JSON of such a report; throws FormatError for any other.
  template <typename Read>
  auto read(const nlohmann::ordered_json& json, const Read& read) const {
    try {
      if (json.at("kind") != kind || json.at("format") != format) throw FormatError("this JSON is no such report");
      return read(json);
    } catch (const nlohmann::ordered_json::exception& e) {
      throw FormatError(fmt::format("this JSON is {}: {}", text, e.what()));
    }
  }
};

}  // namespace obscura::report
