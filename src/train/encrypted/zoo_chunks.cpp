// Networks for large grey pictures: in chunks, and whole.
#include "train/encrypted/sequence.h"
#include "train/encrypted/zoo_networks.h"

namespace obscura::train {
namespace {

/// Pictures whose histograms are equalised have all levels about equally often: mean 1/2, deviation 1/sqrt(12).
nn::Graph equalised(nn::Graph graph) {
  if (graph.input_shape().channels != 1) return graph;
  graph.preprocessing.equalise = true;
  graph.preprocessing.mean = {0.5F};
  graph.preprocessing.std = {0.2887F};
  return graph;
}

/// The paper's network of a chunk up to the layer before its classes.
Sequence seed_trunk(const char* name, const Chunking& cut, bool relu) {
  Sequence net(name, cut);
  net.conv({4, 7, 3});
  (relu ? net.relu() : net.square()).flatten();
  return net;
}

}  // namespace

nn::Graph build_chunk_seed(const Chunking& cut, std::size_t classes) {
  Sequence net = seed_trunk("chunk-seed", cut, false);
  net.linear(128).square().linear(classes).merge(nn::Merge::Kind::mean);
  return equalised(net.take());
}

nn::Graph build_chunk_seed_relu(const Chunking& cut, std::size_t classes) {
  Sequence net = seed_trunk("chunk-seed-relu", cut, true);
  net.linear(128).relu().linear(classes).merge(nn::Merge::Kind::mean);
  return equalised(net.take());
}

nn::Graph build_chunk_seed_concat(const Chunking& cut, std::size_t classes) {
  Sequence net = seed_trunk("chunk-seed-concat", cut, false);
  net.merge(nn::Merge::Kind::concat).linear(128).square().linear(classes);
  return equalised(net.take());
}

nn::Graph build_chunk_own(const Chunking& cut, std::size_t classes) {
  Sequence net("chunk-own", cut);
  net.conv({16, 5, 2, 2, false}).quadratic();
  net.conv({32, 3, 2, 1, false}).quadratic();
  net.conv({64, 3, 1, 1, false}).quadratic();
  net.conv({64, 3, 1, 1, false}).quadratic();
  net.mean().flatten().merge(nn::Merge::Kind::mean).linear(64, false).quadratic().linear(classes);
  return equalised(net.take());
}

nn::Graph build_original(const Shape& input, std::size_t classes) {
  Sequence net("chunk-original", input);
  net.conv({16, 7, 1, 3}).relu().average(2).conv({32, 7, 1, 3}).relu().average(2);
  net.flatten().linear(128).relu().linear(64).relu().linear(classes);
  return equalised(net.take());
}

nn::Graph build_whole_own(const Shape& input, std::size_t classes) {
  Sequence net("whole-own", input);
  net.conv({16, 5, 2, 2, false}).quadratic();
  net.conv({32, 3, 2, 1, false}).quadratic();
  net.conv({64, 3, 1, 1, false}).average(2).quadratic();
  net.conv({64, 3, 1, 1, false}).quadratic();
  net.conv({96, 3, 1, 1, false}).quadratic();
  return equalised(net.mean().flatten().linear(classes).take());
}

Recipe chunk_seed_recipe(const std::string&) {
  Recipe recipe;
  recipe.epochs = 60;
  recipe.batch = 64;
  recipe.learning_rate = 0.003;
  recipe.optimiser = Optimiser::adamw;
  recipe.schedule = Schedule::one_cycle;
  recipe.clip_norm = 1;
  recipe.augmentation = parse_augmentation("rotate+shift+flip");
  return recipe;
}

Recipe surface_recipe(const std::string&) {
  Recipe recipe;
  recipe.epochs = 80;
  recipe.batch = 64;
  recipe.learning_rate = 0.005;
  recipe.optimiser = Optimiser::adamw;
  recipe.schedule = Schedule::one_cycle;
  recipe.weight_decay = 0.01;
  recipe.clip_norm = 1;
  recipe.label_smoothing = 0.05;
  recipe.range_weight = 10;
  recipe.range_limit = 5;
  recipe.normalised_squares = true;
  recipe.range_bound = 12;
  recipe.freeze_norms = 0.15;
  recipe.weight_average = 0.99;
  recipe.augmentation = parse_augmentation("rotate+shift+flips");
  return recipe;
}

Recipe chunk_own_recipe(const std::string& dataset) {
  Recipe recipe = surface_recipe(dataset);
  recipe.chunk_dropout = 0.1;
  return recipe;
}

}  // namespace obscura::train
