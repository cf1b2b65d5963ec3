// What index did, as JSON.
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "study/search/index.h"

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

ordered_json selection_json(const search::FeatureSelection& selection) {
  if (selection == search::FeatureSelection{}) return nullptr;
  return {{"features", selection.features},
          {"method", selection.method},
          {"pictures", selection.pictures},
          {"columns", selection.columns},
          {"thresholds", selection.thresholds}};
}

}  // namespace

ordered_json indexed_json(const Indexed& indexed, const std::string& command) {
  return {{"command", command},
          {"version", kVersion},
          {"gallery", indexed.state.id},
          {"gallery_version", indexed.state.version},
          {"images", indexed.state.images},
          {"added", indexed.added},
          {"resumed", indexed.resumed},
          {"source", indexed.form.source},
          {"classes", indexed.form.classes},
          {"vectors", indexed.form.recipe},
          {"kind", search::to_string(indexed.form.kind)},
          {"dimension", indexed.form.dimension},
          {"selection", selection_json(indexed.form.selection)},
          {"network", indexed.form.network},
          {"bytes", indexed.bytes},
          {"seconds", indexed.seconds}};
}

ordered_json removed_json(const Removed& removed, const std::string& command) {
  return {{"command", command},
          {"version", kVersion},
          {"gallery", removed.state.id},
          {"gallery_version", removed.state.version},
          {"images", removed.state.images},
          {"removed", removed.removed}};
}

}  // namespace obscura::study
