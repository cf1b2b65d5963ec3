#include "remote/facts.h"

#include <algorithm>

#include "remote/hash.h"

namespace obscura::remote {
namespace {

std::string name_of(const JsonFields& json) {
  auto name = json.text("name");
  if (name.empty()) json.fail("has a 'name' that is empty");
  return name;
}

void read_properties(const JsonFields& json, ModelFacts& model) {
  model.network = json.text("network");
  model.spec_hash = json.text("client_spec");
  if (!is_hash(model.spec_hash)) json.fail("has a 'client_spec' that is no BLAKE2b-256");
  model.images = json.count("images_per_query", 1);
  if (model.images == 0) json.fail("has an 'images_per_query' of 0");
  model.max_query_bytes = json.count("max_query_bytes", 0);
  model.key_bytes = json.count("key_bytes", 0);
  model.gallery = json.text("gallery", "");
}

}  // namespace

std::string to_string(KeyState state) {
  return state == KeyState::ready ? "ready" : state == KeyState::partial ? "partial" : "absent";
}

bool GalleryFacts::has_mode(const std::string& mode) const {
  return std::ranges::find(modes, mode) != modes.end();
}

ServerFacts read_server(const JsonFields& json) {
  return {name_of(json), json.text("version", ""), json.texts("extensions")};
}

ModelFacts read_listed_model(const JsonFields& json) {
  ModelFacts model;
  model.name = name_of(json);
  model.version = json.text("version", "");
  read_properties(json.object("properties"), model);
  return model;
}

ModelFacts read_model(const JsonFields& json) {
  ModelFacts model;
  model.name = name_of(json);
  const auto versions = json.texts("versions");
  if (!versions.empty()) model.version = versions.back();
  read_properties(json.object("properties"), model);
  return model;
}

KeyStatus read_key_status(const JsonFields& json) {
  KeyStatus status;
  status.hash = json.text("hash");
  if (!is_hash(status.hash)) json.fail("has a 'hash' that is no BLAKE2b-256");
  const auto state = json.text("state");
  if (state != "absent" && state != "partial" && state != "ready") json.fail("has a 'state' that there is not");
  status.state = state == "ready" ? KeyState::ready : state == "partial" ? KeyState::partial : KeyState::absent;
  status.bytes = json.count("bytes", 0);
  status.total = json.count("total", 0);
  status.key_id = json.text("key_id", "");
  status.created = json.count("created", 0);
  status.last_used = json.count("last_used", 0);
  status.expires = json.count("expires", 0);
  status.models = json.texts("models");
  return status;
}

GalleryFacts read_gallery(const JsonFields& json) {
  GalleryFacts gallery;
  gallery.name = name_of(json);
  gallery.id = json.text("id");
  if (gallery.id.size() != 32 || gallery.id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    json.fail("has an 'id' that is not 32 hex digits");
  }
  gallery.version = json.count("version");
  gallery.images = json.count("images");
  gallery.modes = json.texts("modes");
  gallery.blind_model = json.text("blind_model", "");
  gallery.max_query_bytes = json.count("max_query_bytes", 0);
  gallery.max_fetch_bytes = json.count("max_fetch_bytes", 0);
  gallery.max_trusted_bytes = json.count("max_trusted_bytes", 0);
  return gallery;
}

}  // namespace obscura::remote
