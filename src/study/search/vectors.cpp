#include "study/search/vectors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "image/digest.h"
#include "nn/features.h"
#include "nn/onnx_read.h"

namespace obscura::study {
namespace {

bool is_recipe(const std::string& word) {
  return word == kVectorsOfClasses || word == kVectorsOfOutput || word == kVectorsOfFeatures;
}

std::string chosen_recipe(const std::string& wish, const nn::Graph& graph) {
  if (wish.empty()) return graph.preprocessing.classes.empty() ? kVectorsOfOutput : kVectorsOfClasses;
  if (is_recipe(wish)) return wish;
  throw UsageError("--vectors is '" + wish.substr(0, 40) + "', expected classes, output or features");
}

const std::string& recipe_of(const search::GalleryForm& form) {
  if (!is_recipe(form.recipe)) {
    throw FormatError("the gallery has vectors of '" + form.recipe.substr(0, 40) +
                      "', this program knows classes, output and features");
  }
  return form.recipe;
}

/// In a numerically safe way.
void take_roots_of_probabilities(std::span<float> logits) {
  const float largest = std::ranges::max(logits);
  std::vector<double> exponentials;
  for (const float v : logits) exponentials.push_back(std::exp(static_cast<double>(v) - largest));
  const double sum = std::accumulate(exponentials.begin(), exponentials.end(), 0.0);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(std::sqrt(exponentials[i] / sum));
}

}  // namespace

VectorNetwork::VectorNetwork(const std::filesystem::path& file, const std::string& recipe)
    : graph_(nn::read_onnx(file)),
      recipe_(chosen_recipe(recipe, graph_)),
      digest_(image::sha256(read_file(file))),
      reference_(recipe_ == kVectorsOfFeatures ? nn::features_of(graph_) : graph_) {}

VectorNetwork::VectorNetwork(const std::filesystem::path& file, const search::GalleryForm& form)
    : VectorNetwork(file, recipe_of(form)) {
  kind_ = form.kind, selection_ = form.selection;
}

void VectorNetwork::select(search::VectorKind kind, const search::FeatureSelection& selection) {
  search::check_selection(selection, kind, selection.columns.empty() ? features() : selection.columns.size());
  kind_ = kind, selection_ = selection;
}

std::vector<float> VectorNetwork::features_of(std::span<const std::vector<float>> pictures) {
  std::vector<float> together;
  for (const auto& picture : pictures) together.insert(together.end(), picture.begin(), picture.end());
  auto said = reference_.run(together);
  if (recipe_ != kVectorsOfClasses) return said;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    take_roots_of_probabilities(std::span(said).subspan(i * features(), features()));
  }
  return said;
}

std::vector<float> VectorNetwork::vector_of(std::span<const float> features) const {
  return search::vector_of(selection_, kind_, features);
}

std::vector<std::vector<float>> VectorNetwork::of(std::span<const std::vector<float>> pictures) {
  const auto all = features_of(pictures);
  std::vector<std::vector<float>> vectors;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    vectors.push_back(vector_of(std::span(all).subspan(i * features(), features())));
  }
  return vectors;
}

}  // namespace obscura::study
