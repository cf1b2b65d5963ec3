#include "study/search/vectors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "image/digest.h"
#include "nn/onnx_read.h"

namespace obscura::study {
namespace {

std::string chosen_recipe(const std::string& wish, const nn::Graph& graph) {
  if (wish.empty()) return graph.preprocessing.classes.empty() ? kVectorsOfOutput : kVectorsOfClasses;
  if (wish == kVectorsOfClasses || wish == kVectorsOfOutput) return wish;
  throw UsageError("--vectors is '" + wish.substr(0, 40) + "', expected classes or output");
}

/// In a numerically safe way.
std::vector<float> roots_of_probabilities(std::span<const float> logits) {
  const float largest = std::ranges::max(logits);
  std::vector<double> exponentials;
  for (const float v : logits) exponentials.push_back(std::exp(static_cast<double>(v) - largest));
  const double sum = std::accumulate(exponentials.begin(), exponentials.end(), 0.0);
  std::vector<float> roots;
  for (const double e : exponentials) roots.push_back(static_cast<float>(std::sqrt(e / sum)));
  return roots;
}

std::vector<float> of_length_one(std::span<const float> values) {
  double squares = 0;
  for (const float v : values) squares += static_cast<double>(v) * v;
  if (!std::isfinite(squares) || squares == 0) {
    throw MismatchError("the network says nothing of a picture: its output is zero, or no number");
  }
  std::vector<float> out;
  for (const float v : values) out.push_back(static_cast<float>(v / std::sqrt(squares)));
  return out;
}

}  // namespace

VectorNetwork::VectorNetwork(const std::filesystem::path& file, const std::string& recipe)
    : graph_(nn::read_onnx(file)),
      reference_(graph_),
      recipe_(chosen_recipe(recipe, graph_)),
      digest_(image::sha256(read_file(file))) {}

std::vector<std::vector<float>> VectorNetwork::of(std::span<const std::vector<float>> pictures) {
  std::vector<float> together;
  for (const auto& picture : pictures) together.insert(together.end(), picture.begin(), picture.end());
  const auto said = reference_.run(together);
  std::vector<std::vector<float>> vectors;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto logits = std::span(said).subspan(i * dimension(), dimension());
    vectors.push_back(recipe_ == kVectorsOfClasses ? roots_of_probabilities(logits) : of_length_one(logits));
  }
  return vectors;
}

}  // namespace obscura::study
