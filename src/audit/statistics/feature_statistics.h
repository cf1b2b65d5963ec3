#pragma once

#include <vector>

#include "audit/statistics/placed_samples.h"

/// Internal to src/audit.
namespace obscura::audit {

/// Statistics of one feature on one side.
struct FeatureStatistics {
  bool odd = true;
  std::vector<MatrixF> matrices;
  MatrixF means;  ///< a row a number
};

/// How much more often than its opposite 15 - v a half-byte is v, for v below 8: a row a number of the blocks, in units
/// of what is usual. Over the blocks at `place`, or over all.
MatrixF imbalance(const PlacedSamples& samples);
MatrixF imbalance(const PlacedSamples& samples, std::size_t place);

/// What neither order nor signs of the other numbers change, a row a number.
MatrixF signatures(const std::vector<FeatureStatistics>& statistics);

/// Signs for given places: the leading eigenvector of how well signed entries agree. The sign of all stays open.
void choose_signs(const std::vector<FeatureStatistics>& plain, const std::vector<FeatureStatistics>& hidden,
                  SignedPermutation& key);

/// How well the means of odd features agree, which turns over with all signs.
float agreement_of_means(const std::vector<FeatureStatistics>& plain, const std::vector<FeatureStatistics>& hidden,
                         const SignedPermutation& key);

void turn_over(SignedPermutation& key);

}  // namespace obscura::audit
