#pragma once

#include <pybind11/pybind11.h>

#include <nlohmann/json_fwd.hpp>

#include "study/search/search.h"

/// What a search gave, as Python gets it: from a gallery here or at a server.
namespace obscura::python {

/// {"json": text, "thumbnails": [array], "query": array, "server_view": array, "sheet": array,
/// "png": the sheet as a file}. `json`: as the command
/// line's.
pybind11::dict search_dict(const study::SearchResult& result, const nlohmann::ordered_json& json);

}  // namespace obscura::python
