#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/reference.h"
#include "search/gallery.h"

namespace obscura::study {

/// What vectors are made of:
///   classes   square roots of the probabilities that a classifier gives: the cosine of two is the Bhattacharyya
///             coefficient of what they say
///   output    what the network says, as it is: for networks made to embed
///   features  the values that enter the network's last dense layer (nn/features.h)
/// By these words and a selection (search/feature_selection.h) they become vectors of length 1, or codes.
inline constexpr const char* kVectorsOfClasses = "classes";
inline constexpr const char* kVectorsOfOutput = "output";
inline constexpr const char* kVectorsOfFeatures = "features";

/// A network that pictures are found by. Not thread-safe, nor are two of them at once (nn::Reference).
class VectorNetwork {
 public:
  /// Vectors of length 1 of all that the recipe gives. `recipe`: classes, output or features; empty: classes where the
  /// file names classes, else output. Throws UsageError for another word, UnsupportedError for features of a network
  /// that has none, and as reading networks does.
  VectorNetwork(const std::filesystem::path& file, const std::string& recipe);
  /// Vectors as those of a gallery were made. Throws FormatError for a recipe that there is not; whether the network is
  /// the gallery's is left to who asks (digest).
  VectorNetwork(const std::filesystem::path& file, const search::GalleryForm& form);

  const nn::Graph& graph() const { return graph_; }
  const std::string& recipe() const { return recipe_; }
  /// SHA-256 of the file, hex.
  const std::string& digest() const { return digest_; }
  /// Of vectors.
  std::size_t dimension() const { return selection_.columns.empty() ? features() : selection_.columns.size(); }
  /// Numbers that the recipe gives of a picture, before any are selected.
  std::size_t features() const { return reference_.outputs(); }

  /// From here on vectors are made so. Throws ParameterError for what cannot be.
  void select(search::VectorKind kind, const search::FeatureSelection& selection);

  /// Of preprocessed pictures: features() numbers each, one picture behind the other.
  std::vector<float> features_of(std::span<const std::vector<float>> pictures);
  /// The vector of these features. Throws MismatchError where the network says nothing of a picture (zeros, or numbers
  /// that are not finite).
  std::vector<float> vector_of(std::span<const float> features) const;
  /// Vectors of preprocessed pictures, one behind the other; throws as that.
  std::vector<std::vector<float>> of(std::span<const std::vector<float>> pictures);

 private:
  nn::Graph graph_;
  std::string recipe_, digest_;
  nn::Reference reference_;
  search::VectorKind kind_ = search::VectorKind::unit;
  search::FeatureSelection selection_;
};

}  // namespace obscura::study
