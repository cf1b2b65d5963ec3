#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/chunking.h"

/// Which chunks carry features, by their scores: those that selective encryption encrypts.
namespace obscura {

/// A line a chunk, in the order of the picture: k + 1 of chunk k if its score is above the threshold, -(k + 1) if not.
std::vector<std::int32_t> signed_indices(std::span<const double> scores, double threshold);

/// How many of them are above zero.
std::size_t count_features(std::span<const std::int32_t> indices);

/// The threshold that parts values into two groups whose means differ most (N. Otsu, "A Threshold Selection Method from
/// Gray-Level Histograms", IEEE SMC 9(1), 1979), over the values themselves and not over bins of them: half way between
/// the two neighbours that it parts. Values that are all equal are one group: their value, which none is above. Throws
/// ParameterError for no values.
double otsu_threshold(std::vector<double> values);

/// Throws UsageError that names `option` unless the threshold is a gradient that pixels can have: 0 to kMaxGradient.
void check_threshold(double threshold, const std::string& option);

}  // namespace obscura
