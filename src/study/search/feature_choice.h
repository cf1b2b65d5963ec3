#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/notes.h"
#include "base/parallel.h"
#include "search/feature_selection.h"
#include "search/forest.h"

namespace obscura::study {

/// How codes are made of features.
struct FeatureWishes {
  std::size_t features = 0;  ///< so many, selected by a random forest; 0: all
  bool codes = false;        ///< bits instead of numbers; those of selected features always are
  std::string impurity;      ///< of the forest: gini or entropy; empty: gini

  bool selects() const { return features > 0; }
  search::VectorKind kind() const { return codes || selects() ? search::VectorKind::code : search::VectorKind::unit; }
};

/// What the wishes say of a gallery before any picture was seen: neither columns nor thresholds. `by_sign`: bits are
/// signs, and need no thresholds. Throws UsageError for more features than there are, for an impurity that is none, or
/// of no forest.
search::FeatureSelection wished_selection(const FeatureWishes& wishes, std::size_t features, bool by_sign);

/// Whether columns or thresholds are to be found on pictures.
bool needs_pictures(const search::FeatureSelection& wished);

/// Columns by a random forest over the labels (search/forest.h), where the wishes select any, and thresholds: every
/// column's median. `labels` are below `classes`. Throws UsageError where there are no two classes to tell apart.
search::FeatureSelection found_selection(const FeatureWishes& wishes, search::FeatureSelection wished,
                                         std::span<const float> features, std::span<const std::int64_t> labels,
                                         std::size_t classes, ThreadPool& pool, const Notes& note);

}  // namespace obscura::study
