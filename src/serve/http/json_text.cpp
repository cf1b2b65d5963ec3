#include "serve/http/json_text.h"

#include "base/version.h"

namespace obscura::serve {

namespace {

constexpr int kMostDepth = 16;

Json tensor_json(const char* name) {
  return {{"name", name}, {"datatype", "BYTES"}, {"shape", {1}}};
}

Json properties_of(const ModelFacts& model) {
  Json properties;
  properties["network"] = model.network;
  properties["client_spec"] = model.spec_hash;
  properties["client_spec_url"] = "/v2/obscura/specs/" + model.spec_hash;
  properties["images_per_query"] = model.images;
  properties["max_query_bytes"] = model.max_query_bytes;
  properties["key_bytes"] = model.key_bytes;
  properties["gallery"] = model.gallery;
  return properties;
}

}  // namespace

Json server_json() {
  return {{"name", "obscura"},
          {"version", kVersion},
          {"extensions", {"binary_tensor_data", "obscura_keys_v1", "obscura_search_v1"}}};
}

Json listed_model_json(const ModelFacts& model) {
  return {{"name", model.name}, {"version", model.version}, {"properties", properties_of(model)}};
}

Json model_json(const ModelFacts& model) {
  Json json;
  json["name"] = model.name;
  json["versions"] = Json::array({model.version});
  json["platform"] = kPlatform;
  json["inputs"] = Json::array({tensor_json(kInput)});
  json["outputs"] = Json::array({tensor_json(kOutput)});
  json["properties"] = properties_of(model);
  return json;
}

Json key_json(const KeyStatus& status) {
  Json json = {
      {"hash", status.hash}, {"state", name_of(status.state)}, {"bytes", status.bytes}, {"total", status.total}};
  if (status.state != KeyState::ready) return json;
  json["key_id"] = status.key_id;
  json["created"] = status.created;
  json["last_used"] = status.last_used;
  json["expires"] = status.expires;
  json["models"] = status.models;
  return json;
}

Json gallery_json(const GalleryFacts& gallery) {
  return {{"name", gallery.name},
          {"id", gallery.id},
          {"version", gallery.version},
          {"images", gallery.images},
          {"modes", gallery.modes},
          {"blind_model", gallery.blind_model},
          {"max_query_bytes", gallery.max_query_bytes},
          {"max_fetch_bytes", gallery.max_fetch_bytes},
          {"max_trusted_bytes", gallery.max_trusted_bytes}};
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Reply json_reply(int status, const Json& json) {
  Reply reply(status, "application/json", dump(json));
  reply.add("Cache-Control", "no-store");
  return reply;
}

Json parse_json(std::span<const std::uint8_t> bytes) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kMostDepth) throw Failure(FailureCode::bad_request, "the JSON is nested more than sixteen deep");
    return true;
  };
  try {
    return Json::parse(bytes.begin(), bytes.end(), shallow);
  } catch (const Json::exception&) {  // its text repeats what was sent
    throw Failure(FailureCode::bad_request, "the request is not JSON: expected an object as KServe v2 has it");
  }
}

}  // namespace obscura::serve
