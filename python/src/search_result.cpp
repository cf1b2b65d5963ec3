#include "search_result.h"

#include <nlohmann/json.hpp>
#include <string>

#include "support/pictures.h"
#include "support/study_call.h"

namespace py = pybind11;

namespace obscura::python {

py::dict search_dict(const study::SearchResult& result, const nlohmann::ordered_json& json) {
  py::dict out;
  // Names are whatever bytes somebody's gallery has.
  out["json"] = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  py::list thumbnails;
  for (const auto& hit : result.hits) thumbnails.append(to_array(hit.image.thumbnail));
  out["thumbnails"] = thumbnails;
  out["query"] = to_array(result.query);
  out["server_view"] = to_array(result.server_view);
  const auto sheet = study::search_sheet(result);
  out["sheet"] = to_array(sheet);
  out["png"] = to_bytes(image::encode_png(sheet));
  return out;
}

}  // namespace obscura::python
