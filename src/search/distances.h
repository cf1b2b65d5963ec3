#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "search/forest.h"

namespace obscura::search {

/// How far apart two images are, by their features.
enum class Distance {
  hamming,  ///< bits in which codes differ (see binary_code)
  unequal,  ///< share of unequal numbers: the RCNN_CKKS paper's "Hamming distance" on features, read to the letter
  cosine    ///< 1 - the cosine of the angle between feature vectors
};

/// "hamming", "unequal", "cosine"; the inverse throws UsageError.
std::string to_string(Distance distance);
Distance parse_distance(const std::string& text);

/// Rows of bits, 64 to a word, the first lowest; bits behind the last are zero.
struct CodeTable {
  std::size_t bits = 0;
  std::vector<std::uint64_t> words;  ///< rows x words_a_row
  std::size_t words_a_row() const { return (bits + 63) / 64; }
  std::size_t rows() const { return bits == 0 ? 0 : words.size() / words_a_row(); }
  std::span<const std::uint64_t> row(std::size_t r) const {
    return std::span(words).subspan(r * words_a_row(), words_a_row());
  }
};

/// Bit c of a row is whether its feature c is above thresholds[c]. Throws MismatchError for another number of those.
CodeTable binary_codes(const FeatureTable& features, std::span<const float> thresholds);

/// The median of every column: half of the rows are above it, or fewer where many are equal.
std::vector<float> medians(const FeatureTable& features);

/// Distances of a query to every row, in their order. Throw MismatchError for a query of another length.
std::vector<float> hamming_distances(const CodeTable& gallery, std::span<const std::uint64_t> query);
std::vector<float> unequal_shares(const FeatureTable& gallery, std::span<const float> query);
/// A row of zeros is as far as a right angle.
std::vector<float> cosine_distances(const FeatureTable& gallery, std::span<const float> query);

/// Rows from the nearest on; of equally near ones, the first.
std::vector<std::uint32_t> ranked(std::span<const float> distances);
/// The first k of these. Throws UsageError for more than there are.
std::vector<std::uint32_t> nearest(std::span<const float> distances, std::size_t k);

}  // namespace obscura::search
