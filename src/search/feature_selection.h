#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "search/score_plan.h"

namespace obscura::search {

/// Which of the numbers that a network gives make the vectors of a gallery, and from where on one is a bit. It belongs
/// to the gallery, because the vector of a query has to be made alike.
struct FeatureSelection {
  std::size_t features = 0;            ///< numbers that the network gives; 0: all of them are taken
  std::vector<std::uint32_t> columns;  ///< those that are taken, ascending; empty: all
  std::vector<float> thresholds;       ///< of codes: +1 is a number above it, -1 another; empty: above zero
  std::string method;                  ///< for people: how columns were selected; empty: all were taken
  std::size_t pictures = 0;            ///< that columns and thresholds were found on
  friend bool operator==(const FeatureSelection&, const FeatureSelection&) = default;
};

/// Throws ParameterError for a selection that vectors of that kind and length cannot be made by: columns that are not
/// as many, not ascending or not below the number of features; thresholds of vectors that are no codes, not as many, or
/// not finite.
void check_selection(const FeatureSelection& selection, VectorKind kind, std::size_t dimension);

/// The vector of what a network gives of one picture: selected; a code made of +1 and -1; of kind unit made to have
/// length 1. Throws MismatchError for another number of features, a number that is not finite, or zeros where a
/// direction is wanted.
std::vector<float> vector_of(const FeatureSelection& selection, VectorKind kind, std::span<const float> features);

/// As a gallery keeps it, with a checksum:
///   features:u64 pictures:u64 method:text #columns:u32 column:u32... #thresholds:u32 threshold:f32... sum:16 bytes
/// Reading throws FormatError that begins with `what` for bytes that are damaged; what they say is to be checked.
std::vector<std::uint8_t> write_selection(const FeatureSelection& selection);
FeatureSelection read_selection(std::span<const std::uint8_t> bytes, const std::string& what);

}  // namespace obscura::search
