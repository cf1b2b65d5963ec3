#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audit/chunks/folds.h"
#include "audit/chunks/view_features.h"

namespace obscura::audit {

inline constexpr std::size_t kTrees = 200;

/// A random forest (L. Breiman, Machine Learning 45, 2001): fully grown trees, each on a bootstrap sample and with the
/// square root of all columns tried at each split; the most votes win. OpenCV's RTrees. The same rows give the same
/// forest.
class RandomForest {
 public:
  /// One label a row. Throws MismatchError for other numbers of them, and for no rows.
  RandomForest(const FeatureRows& rows, std::span<const std::int64_t> labels, std::size_t trees = kTrees);
  ~RandomForest();
  RandomForest(RandomForest&&) noexcept;
  RandomForest& operator=(RandomForest&&) noexcept;

  /// A class a row. Throws MismatchError for other columns than were learnt from. Thread-safe.
  std::vector<std::int64_t> predict(const FeatureRows& rows) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Rows with these numbers.
FeatureRows rows_at(const FeatureRows& rows, std::span<const std::size_t> numbers);

/// The attacker that learns a forest from rows; they must outlive it.
Guesser forest_guesser(const FeatureRows& rows, std::size_t trees = kTrees);

}  // namespace obscura::audit
