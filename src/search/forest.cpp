#include "search/forest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>

#include "base/error.h"
#include "image/random.h"
#include "search/binned.h"

namespace obscura::search {
namespace {

/// What every tree learns from.
struct Lesson {
  const BinnedFeatures& features;
  std::span<const std::int64_t> labels;
  std::size_t classes;
  const ForestOptions& options;
};

using Counts = std::vector<double>;  // a class

double impurity_of(const Counts& counts, double total, Impurity kind) {
  double sum = 0;
  for (const double n : counts) {
    const double p = n / total;
    if (kind == Impurity::gini) {
      sum += p * p;
    } else if (p > 0) {
      sum -= p * std::log2(p);
    }
  }
  return kind == Impurity::gini ? 1 - sum : sum;
}

/// Rows of a node, as a part of the tree's list, each with how often it was drawn.
struct Node {
  std::size_t first, last, depth;
};

struct Split {
  std::size_t column = 0;
  std::size_t bin = 0;  ///< rows up to this bin go left
  double decrease = 0;  ///< n I - n_left I_left - n_right I_right
};

/// Grows one tree and adds up what its splits lower impurity by.
class Tree {
 public:
  Tree(const Lesson& lesson, std::size_t number)
      : lesson_(lesson),
        random_(lesson.options.seed, number),
        drawn_(lesson.features.rows(), 0),
        columns_(lesson.features.columns()),
        decrease_(lesson.features.columns(), 0),
        histogram_(kBins * lesson.classes) {
    std::iota(columns_.begin(), columns_.end(), std::size_t{0});
    for (std::size_t i = 0; i < drawn_.size(); ++i) ++drawn_[random_.below(drawn_.size())];
    for (std::size_t row = 0; row < drawn_.size(); ++row) {
      if (drawn_[row] > 0) rows_.push_back(static_cast<std::uint32_t>(row));
    }
  }

  std::vector<double> grow() {
    std::vector<Node> open = {{0, rows_.size(), 0}};
    while (!open.empty()) {
      const Node node = open.back();
      open.pop_back();
      const auto split = best_split(node);
      if (!split) continue;
      decrease_[split->column] += split->decrease;
      const auto bins = lesson_.features.column(split->column);
      const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(node.first);
      const auto end = rows_.begin() + static_cast<std::ptrdiff_t>(node.last);
      const auto middle = std::partition(begin, end, [&](std::uint32_t row) { return bins[row] <= split->bin; });
      const auto at = static_cast<std::size_t>(middle - rows_.begin());
      open.push_back({at, node.last, node.depth + 1});
      open.push_back({node.first, at, node.depth + 1});
    }
    const double sum = std::accumulate(decrease_.begin(), decrease_.end(), 0.0);
    if (sum > 0) {
      for (double& d : decrease_) d /= sum;
    }
    return std::move(decrease_);
  }

 private:
  Counts counts_of(const Node& node) const {
    Counts counts(lesson_.classes, 0);
    for (std::size_t i = node.first; i < node.last; ++i) {
      counts[static_cast<std::size_t>(lesson_.labels[rows_[i]])] += drawn_[rows_[i]];
    }
    return counts;
  }

  std::optional<Split> best_split(const Node& node) {
    const Counts counts = counts_of(node);
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    const double impurity = impurity_of(counts, total, lesson_.options.impurity);
    // As scikit-learn, which counts samples after drawing for weights only.
    if (node.depth >= lesson_.options.depth || node.last - node.first < lesson_.options.split_samples ||
        impurity <= 1e-12) {
      return std::nullopt;
    }
    std::optional<Split> best;
    const auto wanted = static_cast<std::size_t>(std::sqrt(static_cast<double>(columns_.size())));
    bool varied = false;
    // Features that are constant here are looked at, too, but not they alone.
    for (std::size_t k = 0; k < columns_.size() && (k < std::max<std::size_t>(wanted, 1) || !varied); ++k) {
      std::swap(columns_[k], columns_[k + random_.below(columns_.size() - k)]);
      varied = try_column(columns_[k], node, counts, total, impurity, best) || varied;
    }
    return best;
  }

  /// Whether the feature has several values here.
  bool try_column(std::size_t column, const Node& node, const Counts& counts, double total, double impurity,
                  std::optional<Split>& best) {
    const auto bins = lesson_.features.column(column);
    const std::size_t classes = lesson_.classes;
    std::ranges::fill(histogram_, 0.0);
    std::size_t lowest = kBins - 1, highest = 0;
    std::array<std::uint32_t, kBins> samples{};
    for (std::size_t i = node.first; i < node.last; ++i) {
      const std::size_t bin = bins[rows_[i]];
      lowest = std::min(lowest, bin), highest = std::max(highest, bin);
      histogram_[bin * classes + static_cast<std::size_t>(lesson_.labels[rows_[i]])] += drawn_[rows_[i]];
      ++samples[bin];
    }
    if (lowest >= highest) return false;
    Counts left(classes, 0), right = counts;
    double of_left = 0;
    std::size_t samples_left = 0;
    const std::size_t in_all = node.last - node.first, least = lesson_.options.leaf_samples;
    for (std::size_t bin = lowest; bin < highest; ++bin) {
      if (samples[bin] == 0) continue;
      samples_left += samples[bin];
      for (std::size_t c = 0; c < classes; ++c) {
        const double n = histogram_[bin * classes + c];
        left[c] += n, right[c] -= n, of_left += n;
      }
      if (samples_left < least || in_all - samples_left < least) continue;
      const double decrease = total * impurity - of_left * impurity_of(left, of_left, lesson_.options.impurity) -
                              (total - of_left) * impurity_of(right, total - of_left, lesson_.options.impurity);
      if (!best || decrease > best->decrease) best = Split{column, bin, decrease};
    }
    return true;
  }

  const Lesson& lesson_;
  image::SplitMix random_;
  std::vector<std::uint32_t> drawn_;  // how often each row was
  std::vector<std::uint32_t> rows_;   // that were drawn at all
  std::vector<std::size_t> columns_;
  std::vector<double> decrease_;
  std::vector<double> histogram_;
};

void check(const FeatureTable& features, std::span<const std::int64_t> labels, std::size_t classes,
           const ForestOptions& options) {
  if (options.trees == 0 || options.depth == 0) throw ParameterError("a forest has at least one tree of depth 1");
  if (features.columns == 0 || features.values.size() % features.columns != 0 || labels.size() != features.rows()) {
    throw MismatchError("a table of " + std::to_string(features.values.size()) + " features in rows of " +
                        std::to_string(features.columns) + " does not fit " + std::to_string(labels.size()) +
                        " labels");
  }
  if (!std::ranges::all_of(features.values, [](float v) { return std::isfinite(v); })) {
    throw MismatchError("a table of features holds a number that is not finite");
  }
  const auto known = [&](std::int64_t l) { return l >= 0 && static_cast<std::size_t>(l) < classes; };
  if (!std::ranges::all_of(labels, known)) throw MismatchError("a label is none of the classes");
}

}  // namespace

std::vector<double> forest_importances(const FeatureTable& features, std::span<const std::int64_t> labels,
                                       std::size_t classes, const ForestOptions& options, ThreadPool& pool) {
  check(features, labels, classes, options);
  const BinnedFeatures binned(features, pool);
  const Lesson lesson{binned, labels, classes, options};
  std::vector<std::vector<double>> trees(options.trees);
  pool.parallel_for(options.trees, [&](std::size_t t) { trees[t] = Tree(lesson, t).grow(); });
  std::vector<double> importances(features.columns, 0);
  for (const auto& tree : trees) {
    for (std::size_t c = 0; c < importances.size(); ++c) importances[c] += tree[c];
  }
  const double sum = std::accumulate(importances.begin(), importances.end(), 0.0);
  if (sum > 0) {
    for (double& v : importances) v /= sum;
  }
  return importances;
}

std::vector<std::size_t> most_important(std::span<const double> importances, std::size_t count) {
  if (count > importances.size()) {
    throw ParameterError("there are " + std::to_string(importances.size()) + " features, not " + std::to_string(count));
  }
  std::vector<std::size_t> order(importances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return importances[a] > importances[b]; });
  order.resize(count);
  std::ranges::sort(order);
  return order;
}

}  // namespace obscura::search
