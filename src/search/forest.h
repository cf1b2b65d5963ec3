#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"

namespace obscura::search {

enum class Impurity { gini, entropy };

/// As scikit-learn's RandomForestClassifier names and counts them; the defaults are the RCNN_CKKS paper's.
struct ForestOptions {
  std::size_t trees = 30;
  std::size_t depth = 10;         ///< splits on the way to a leaf, at most
  std::size_t split_samples = 2;  ///< a node with fewer is a leaf
  std::size_t leaf_samples = 1;   ///< a split leaves at least as many on both sides
  Impurity impurity = Impurity::gini;
  std::uint64_t seed = 1;
};

/// Rows of features, one after the other.
struct FeatureTable {
  std::span<const float> values;  ///< rows() x columns
  std::size_t columns = 0;
  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

/// How much each feature of a random forest lowers impurity (Breiman 2001; the mean decrease in impurity): over the
/// nodes of a tree that split by it the sum of (n / N)(I - n_left / n I_left - n_right / n I_right), of each tree made
/// to sum to 1, averaged over the trees, and made to sum to 1 again. Each tree learns from N rows drawn with
/// replacement and looks at floor(sqrt(columns)) random features a split. Thresholds are the 255 quantiles that part a
/// feature's values into 256 bins: all of them where there are no more. The same for any number of threads. All zero
/// where nothing can be split. Throws MismatchError for tables whose parts do not fit, features that are not finite, a
/// label that is no class; ParameterError for no trees or depth.
std::vector<double> forest_importances(const FeatureTable& features, std::span<const std::int64_t> labels,
                                       std::size_t classes, const ForestOptions& options, ThreadPool& pool);

/// The columns of the largest importances, in ascending order; of equal ones, the first. Throws ParameterError for more
/// than there are.
std::vector<std::size_t> most_important(std::span<const double> importances, std::size_t count);

}  // namespace obscura::search
