#include "study/search/feature_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "search/distances.h"

namespace obscura::study {
namespace {

search::ForestOptions forest_of(const FeatureWishes& wishes) {
  search::ForestOptions options;
  if (!wishes.impurity.empty() && wishes.impurity != "gini" && wishes.impurity != "entropy") {
    throw UsageError("--impurity is '" + wishes.impurity.substr(0, 40) + "', expected gini or entropy");
  }
  if (wishes.impurity == "entropy") options.impurity = search::Impurity::entropy;
  return options;
}

std::string method_of(const search::ForestOptions& options) {
  return fmt::format("random forest, {} trees of depth {}, {}", options.trees, options.depth,
                     options.impurity == search::Impurity::gini ? "gini" : "entropy");
}

void select_columns(const FeatureWishes& wishes, search::FeatureSelection& selection,
                    const search::FeatureTable& features, std::span<const std::int64_t> labels, std::size_t classes,
                    ThreadPool& pool, const Notes& note) {
  const auto two = std::ranges::find_if(labels, [&](std::int64_t label) { return label != labels.front(); });
  if (two == labels.end()) {
    throw UsageError("--features selects what tells classes apart, but all pictures are of one class, or of none");
  }
  note(fmt::format("selecting {} of {} features: {}", wishes.features, features.columns, selection.method));
  const auto importances = search::forest_importances(features, labels, classes, forest_of(wishes), pool);
  const auto columns = search::most_important(importances, wishes.features);
  double share = 0;
  std::size_t idle = 0;
  for (const std::size_t column : columns) {
    selection.columns.push_back(static_cast<std::uint32_t>(column));
    share += importances[column];
    if (importances[column] == 0) ++idle;
  }
  note(fmt::format("the selected features have {:.1f} % of the importance", 100 * share));
  if (idle > 0) note(fmt::format("{} of the selected features tell no classes apart: fewer would do", idle));
}

}  // namespace

search::FeatureSelection wished_selection(const FeatureWishes& wishes, std::size_t features, bool by_sign) {
  if (!wishes.selects() && !wishes.impurity.empty()) {
    throw UsageError("--impurity is for the forest of --features, which is not there");
  }
  if (wishes.features > features) {
    throw UsageError(
        fmt::format("--features is {}, but the network gives {} numbers of a picture", wishes.features, features));
  }
  const auto forest = forest_of(wishes);
  search::FeatureSelection wished;
  if (wishes.selects()) wished.method = method_of(forest);
  if (wishes.selects() || (wishes.codes && !by_sign)) wished.features = features;
  return wished;
}

bool needs_pictures(const search::FeatureSelection& wished) {
  return wished.features > 0;
}

search::FeatureSelection found_selection(const FeatureWishes& wishes, search::FeatureSelection wished,
                                         std::span<const float> features, std::span<const std::int64_t> labels,
                                         std::size_t classes, ThreadPool& pool, const Notes& note) {
  const search::FeatureTable table{features, wished.features};
  wished.pictures = table.rows();
  if (wishes.selects()) select_columns(wishes, wished, table, labels, classes, pool, note);
  const auto medians = search::medians(table);
  if (wished.columns.empty()) {
    wished.thresholds = medians;
  } else {
    for (const std::uint32_t column : wished.columns) wished.thresholds.push_back(medians[column]);
  }
  const auto flat = static_cast<std::size_t>(std::ranges::count_if(wished.thresholds, [](float t) { return t == 0; }));
  note(fmt::format("a bit is whether a number is above its median over {} pictures{}", wished.pictures,
                   flat == 0 ? "" : fmt::format("; {} medians are zero", flat)));
  return wished;
}

}  // namespace obscura::study
