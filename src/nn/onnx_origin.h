#pragma once

// Internal to src/nn.
#include <map>
#include <string>

#include "nn/graph.h"

namespace obscura::nn {

/// The metadata of a file that say where a fitted network comes from: "obscura.original", "obscura.original_sha256"
/// and "obscura.fit_error". None for a network that was not fitted.
std::map<std::string, std::string> origin_metadata(const Origin& origin);

/// The same read back; an empty one where the file says nothing. Throws FormatError for a digest or number that is
/// none.
Origin parse_origin(const std::map<std::string, std::string>& metadata);

}  // namespace obscura::nn
