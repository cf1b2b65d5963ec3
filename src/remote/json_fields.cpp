#include "remote/json_fields.h"

#include <algorithm>
#include <limits>

#include "remote/remote_error.h"

namespace obscura::remote {
namespace {

constexpr int kDeepest = 16;
constexpr std::size_t kMostTexts = 10'000;

}  // namespace

std::optional<nlohmann::json> read_object(ckks::ByteSpan bytes) {
  using nlohmann::json;
  bool deep = false;
  const auto watch = [&](int depth, json::parse_event_t /*event*/, json& /*value*/) {
    deep = deep || depth > kDeepest;
    return !deep;
  };
  json value = json::parse(bytes.begin(), bytes.end(), watch, false);
  if (deep || !value.is_object()) return {};
  return value;
}

JsonFields::JsonFields(ckks::ByteSpan bytes, std::string what) : what_(std::move(what)) {
  auto value = read_object(bytes);
  if (!value) fail("is no JSON object");
  object_ = std::move(*value);
}

JsonFields::JsonFields(nlohmann::json object, std::string what) : object_(std::move(object)), what_(std::move(what)) {
  if (!object_.is_object()) fail("is no JSON object");
}

void JsonFields::fail(const std::string& problem) const {
  throw RemoteError("unexpected", what_ + " " + problem + ": the server speaks another protocol, or none");
}

const nlohmann::json* JsonFields::find(const char* name, bool required) const {
  const auto found = object_.find(name);
  if (found != object_.end() && !found->is_null()) return &*found;
  if (required) fail(std::string("has no '") + name + "'");
  return nullptr;
}

std::string JsonFields::text(const char* name, std::optional<std::string> otherwise, std::size_t most) const {
  const auto* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  if (!value->is_string()) fail(std::string("has '") + name + "', which is no text");
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() > most) fail(std::string("has '") + name + "', which is too long");
  if (has_control(text)) fail(std::string("has '") + name + "', in which are control characters");
  return text;
}

std::uint64_t JsonFields::count(const char* name, std::optional<std::uint64_t> otherwise) const {
  const auto* value = find(name, !otherwise);
  if (value == nullptr) return *otherwise;
  // What fits no double would not be the same everywhere.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  if (!value->is_number_integer() || (!value->is_number_unsigned() && value->get<std::int64_t>() < 0) ||
      value->get<std::uint64_t>() > kMost) {
    fail(std::string("has '") + name + "', which is no whole number from 0 on");
  }
  return value->get<std::uint64_t>();
}

std::vector<std::string> JsonFields::texts(const char* name) const {
  const auto* value = find(name, false);
  if (value == nullptr) return {};
  if (!value->is_array() || value->size() > kMostTexts) fail(std::string("has '") + name + "', which is no list");
  std::vector<std::string> out;
  for (const auto& one : *value) {
    out.push_back(JsonFields(nlohmann::json{{name, one}}, what_).text(name));
  }
  return out;
}

JsonFields JsonFields::object(const char* name) const {
  const auto* value = find(name, true);
  if (!value->is_object()) fail(std::string("has '") + name + "', which is no object");
  return {*value, what_};
}

std::vector<JsonFields> JsonFields::objects(const char* name, std::size_t most) const {
  const auto* value = find(name, true);
  if (!value->is_array() || value->size() > most) fail(std::string("has '") + name + "', which is no list of objects");
  std::vector<JsonFields> out;
  for (const auto& one : *value) out.emplace_back(one, what_);
  return out;
}

}  // namespace obscura::remote
