#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "serve/http/reply.h"
#include "serve/service.h"

/// JSON as it goes over the wire: of what the service knows, and of what nobody has checked.
namespace obscura::serve {

using Json = nlohmann::ordered_json;

Json server_json();
/// "properties" alone, as the list of models has them, or all of a model's metadata.
Json listed_model_json(const ModelFacts& model);
Json model_json(const ModelFacts& model);
Json key_json(const KeyStatus& status);
Json gallery_json(const GalleryFacts& gallery);

/// What is not UTF-8 is replaced.
std::string dump(const Json& json);
Reply json_reply(int status, const Json& json);

/// Parses what a client sent. Throws Failure, bad_request, for what is no JSON or nested more than sixteen deep.
Json parse_json(std::span<const std::uint8_t> bytes);

}  // namespace obscura::serve
