#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/notes.h"

namespace obscura::study {

/// Features that forests select.
inline constexpr std::size_t kSelectedFeatures = 600;

struct FeatureStudyRequest {
  std::filesystem::path network;  ///< its features are what enters its last dense layer
  std::string dataset;            ///< its training pictures are the gallery, its test pictures the queries
  std::filesystem::path data;
  std::size_t gallery = 0, queries = 0;  ///< pictures; 0: all
  std::size_t threads = 0;
  Notes note;
  bool progress = false;
};

/// What the galleries of `index` do not tell of a network's features: {pictures, features, selected, forests, overlaps,
/// bits_all, bits_random}. `forests`: {impurity, seed, importance_share, idle, seconds} of a forest by Gini impurity,
/// by entropy, and by Gini impurity with another seed: what share of the importance the selected features have, how
/// many of them have none. `overlaps`: {one, other, both}, numbers of forests and of features that both select.
/// `bits_all` and `bits_random`, objects of `evaluate --gallery` (docs/cli.md): rankings by the Hamming distance of all
/// features as bits, which are too many to be compared encrypted, and of as many random ones as are selected: what
/// selecting them is worth. A bit is whether a feature is above its median over the gallery. Throws UnsupportedError
/// for fewer features than are selected, and as reading networks and pictures does.
nlohmann::ordered_json feature_study_json(const FeatureStudyRequest& request);

/// How many numbers two ascending lists share.
std::size_t shared(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other);

/// So many different columns of all, ascending, by a fixed seed.
std::vector<std::size_t> random_columns(std::size_t all, std::size_t count, std::uint64_t seed);

}  // namespace obscura::study
