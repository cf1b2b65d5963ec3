#include "train/encrypted/fingerprint.h"

#include <fmt/format.h>

#include "train/checkpoint.h"

namespace obscura::train {
namespace {

std::uint64_t hash_of(const image::Dataset& set, std::uint64_t hash) {
  hash = fnv1a(set.images.data(), set.images.size(), hash);
  return fnv1a(set.labels.data(), set.labels.size() * sizeof(std::int64_t), hash);
}

/// What of a teacher decides the result.
std::string teacher_fingerprint(const nn::Graph& teacher, const Recipe& recipe) {
  std::uint64_t hash = fnv1a(nullptr, 0);
  for (const auto& node : teacher.nodes) {
    const auto add = [&](const std::vector<float>& w) { hash = fnv1a(w.data(), w.size() * sizeof(float), hash); };
    if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) add(conv->weights);
    if (const auto* linear = std::get_if<nn::Linear>(&node.layer)) add(linear->weights);
  }
  return fmt::format(" teacher {:016x} {}@{}", hash, recipe.teacher_share, recipe.teacher_temperature);
}

}  // namespace

std::string fingerprint(const nn::Graph& graph, const Recipe& recipe, const Sets& sets, const Choosing& choosing,
                        const RunOptions& options) {
  std::uint64_t hash = hash_of(sets.train, fnv1a(nullptr, 0));
  if (sets.validation != nullptr) hash = hash_of(*sets.validation, hash);
  hash = fnv1a(choosing.learn().data(), choosing.learn().size() * sizeof(std::int64_t), hash);
  std::string layers;
  for (const auto& node : graph.nodes) {
    layers += fmt::format(" {}:{}x{}x{}", nn::layer_name(node.layer), node.shape.channels, node.shape.height,
                          node.shape.width);
  }
  if (graph.chunks) layers += " in " + chunking_text(*graph.chunks);
  if (graph.preprocessing.equalise) layers += " equalised";
  hash = fnv1a(layers.data(), layers.size(), hash);
  auto text =
      fmt::format("{} {} seed {} {}; {:016x}", graph.name, sets.train.name, options.seed, describe(recipe), hash);
  if (options.conversion) text += fmt::format(" converted, gradually {}", options.conversion->gradual);
  if (options.teacher) text += teacher_fingerprint(*options.teacher, recipe);
  return text;
}

}  // namespace obscura::train
