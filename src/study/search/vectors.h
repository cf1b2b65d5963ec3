#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/reference.h"

namespace obscura::study {

/// What vectors are made of, of length 1 both:
///   classes  square roots of the probabilities that a classifier gives: the cosine of two is the Bhattacharyya
///            coefficient of what they say
///   output   what the network says, as it is: for networks made to embed
inline constexpr const char* kVectorsOfClasses = "classes";
inline constexpr const char* kVectorsOfOutput = "output";

/// A network that pictures are found by. Not thread-safe, nor are two of them at once (nn::Reference).
class VectorNetwork {
 public:
  /// `recipe`: classes or output; empty: classes where the file names classes, else output. Throws UsageError for
  /// another word, and as reading networks does.
  VectorNetwork(const std::filesystem::path& file, const std::string& recipe);

  const nn::Graph& graph() const { return graph_; }
  const std::string& recipe() const { return recipe_; }
  /// SHA-256 of the file, hex.
  const std::string& digest() const { return digest_; }
  std::size_t dimension() const { return graph_.output_shape().size(); }

  /// Vectors of preprocessed pictures, one behind the other. Throws MismatchError for a picture that the network says
  /// nothing of (zeros, or numbers that are not finite).
  std::vector<std::vector<float>> of(std::span<const std::vector<float>> pictures);

 private:
  nn::Graph graph_;
  nn::Reference reference_;
  std::string recipe_, digest_;
};

}  // namespace obscura::study
