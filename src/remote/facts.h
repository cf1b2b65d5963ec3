#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ckks/wire.h"
#include "remote/json_fields.h"

/// What a server says of itself and of what it has, read from its JSON. Reading throws RemoteError, code unexpected,
/// for what is missing or cannot be.
namespace obscura::remote {

struct ServerFacts {
  std::string name, version;
  std::vector<std::string> extensions;
};

struct ModelFacts {
  std::string name, version;
  std::string network;     ///< as the client spec calls it
  std::string spec_hash;   ///< of the client spec: 64 hex digits
  std::size_t images = 1;  ///< of one query, at most
  std::size_t max_query_bytes = 0;
  std::size_t key_bytes = 0;  ///< about so many are sent once
  std::string gallery;        ///< whose scores it says; empty: it is a network
};

enum class KeyState { absent, partial, ready };
struct KeyStatus {
  std::string hash;
  KeyState state = KeyState::absent;
  std::uint64_t bytes = 0, total = 0;
  std::string key_id;                                     ///< of ready ones, as what follows
  std::uint64_t created = 0, last_used = 0, expires = 0;  ///< Unix seconds
  std::vector<std::string> models;                        ///< that they serve, galleries as "gallery:NAME"
};
/// "absent", "partial", "ready".
std::string to_string(KeyState state);

struct GalleryFacts {
  std::string name, id;
  std::uint64_t version = 0;
  std::size_t images = 0;
  std::vector<std::string> modes;
  std::string blind_model;  ///< empty: none
  std::size_t max_query_bytes = 0, max_fetch_bytes = 0, max_trusted_bytes = 0;

  bool has_mode(const std::string& mode) const;
};

ServerFacts read_server(const JsonFields& json);
/// Of the list of models, and of a model's own page.
ModelFacts read_listed_model(const JsonFields& json);
ModelFacts read_model(const JsonFields& json);
KeyStatus read_key_status(const JsonFields& json);
GalleryFacts read_gallery(const JsonFields& json);

}  // namespace obscura::remote
