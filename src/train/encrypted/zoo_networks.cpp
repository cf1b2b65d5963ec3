#include "train/encrypted/zoo_networks.h"

#include <array>
#include <utility>
#include <vector>

#include "train/encrypted/sequence.h"

namespace obscura::train {
namespace {

/// Convolution, square, hidden layer, square, classes.
nn::Graph paper_network(const char* name, const Shape& input, std::size_t classes, const Convolution& first) {
  return Sequence(name, input).conv(first).square().flatten().linear(64).square().linear(classes).take();
}

nn::Graph cifar_network(const char* name, const Shape& input, std::size_t classes, Act act) {
  Sequence net(name, input);
  const std::vector<std::pair<std::size_t, bool>> stages{{32, false},  {64, true},  {64, false}, {128, true},
                                                         {128, false}, {256, true}, {256, false}};
  for (const auto& [channels, pooled] : stages) {
    net.conv({channels, 3, 1, 1, false});
    if (pooled) net.average(2);
    net.activation(act);
  }
  nn::Graph graph = net.mean().flatten().linear(classes).take();
  standardise_cifar(graph);
  return graph;
}

}  // namespace

void standardise_cifar(nn::Graph& graph) {
  const bool grey = graph.input_shape().channels == 1;
  graph.preprocessing.mean = grey ? std::vector{0.4809F} : std::vector{0.4914F, 0.4822F, 0.4465F};
  graph.preprocessing.std = grey ? std::vector{0.2392F} : std::vector{0.2470F, 0.2435F, 0.2616F};
}

nn::Graph build_tenseal(const Shape& input, std::size_t classes) {
  return paper_network("tenseal", input, classes, {4, 7, 3});
}

nn::Graph build_cryptondl1(const Shape& input, std::size_t classes) {
  return paper_network("cryptondl1", input, classes, {12, 7, 3});
}

nn::Graph build_cryptondl2(const Shape& input, std::size_t classes) {
  return paper_network("cryptondl2", input, classes, {12, 3, 3});
}

nn::Graph build_obscura_s(const Shape& input, std::size_t classes) {
  Sequence net("obscura-s", input);
  net.conv({12, 7, 3, 0, false}).quadratic().flatten().linear(128, false).quadratic().linear(classes);
  return net.take();
}

nn::Graph build_obscura_l(const Shape& input, std::size_t classes) {
  Sequence net("obscura-l", input);
  net.conv({16, 5, 1, 2, false}).average(2).quadratic();
  net.conv({32, 3, 1, 1, false}).average(2).quadratic();
  net.flatten().linear(128, false).quadratic().linear(classes);
  return net.take();
}

nn::Graph build_lenet5(const Shape& input, std::size_t classes) {
  Sequence net("lenet5", input);
  net.conv({32, 5, 2, 2, false}).quadratic().conv({64, 5, 2, 2, false}).quadratic();
  net.flatten().linear(512, false).quadratic().linear(classes);
  return net.take();
}

nn::Graph build_obscura_m(const Shape& input, std::size_t classes) {
  return cifar_network("obscura-m", input, classes, Act::quadratic);
}

nn::Graph build_relu_l(const Shape& input, std::size_t classes) {
  Sequence net("relu-l", input);
  net.conv({32, 5, 1, 2, false}).average(2).activation(Act::relu);
  net.conv({64, 3, 1, 1, false}).average(2).activation(Act::relu);
  net.flatten().linear(256, false).activation(Act::relu).linear(classes);
  return net.take();
}

nn::Graph build_relu_m(const Shape& input, std::size_t classes) {
  return cifar_network("relu-m", input, classes, Act::relu);
}

Recipe paper_tenseal_recipe(const std::string&) {
  return {};
}

Recipe paper_cryptondl_recipe(const std::string&) {
  Recipe recipe;
  recipe.epochs = 5;
  recipe.optimiser = Optimiser::rmsprop;
  return recipe;
}

Recipe own_recipe(const std::string& dataset) {
  Recipe recipe;
  recipe.epochs = 60;
  recipe.batch = 128;
  recipe.learning_rate = 0.004;
  recipe.optimiser = Optimiser::adamw;
  recipe.schedule = Schedule::one_cycle;
  recipe.weight_decay = 1e-4;
  recipe.clip_norm = 1;
  recipe.normalised_squares = true;
  recipe.augmentation = parse_augmentation(dataset == "fashion-mnist" ? "shift+flip" : "affine");
  recipe.plain_epochs = 1;
  return recipe;
}

Recipe lenet5_recipe(const std::string& dataset) {
  Recipe recipe = own_recipe(dataset);
  recipe.epochs = 20;
  return recipe;
}

Recipe obscura_m_recipe(const std::string&) {
  Recipe recipe;
  recipe.epochs = 30;
  recipe.batch = 128;
  recipe.learning_rate = 0.1;
  recipe.optimiser = Optimiser::muon;
  recipe.schedule = Schedule::one_cycle;
  recipe.warm_up = 0.2;
  recipe.weight_decay = 5e-4;
  recipe.label_smoothing = 0.1;
  recipe.clip_norm = 1;
  recipe.range_weight = 50;
  recipe.range_limit = 5;
  recipe.normalised_squares = true;
  recipe.range_bound = 12;
  recipe.freeze_norms = 0.25;
  recipe.augmentation = parse_augmentation("crop+flip+cutout");
  return recipe;
}

Recipe relu_l_recipe(const std::string& dataset) {
  Recipe recipe = own_recipe(dataset);
  recipe.epochs = 30;
  return recipe;
}

Recipe relu_m_recipe(const std::string& dataset) {
  Recipe recipe = obscura_m_recipe(dataset);
  recipe.range_weight = 0;
  recipe.freeze_norms = 0;
  return recipe;
}

}  // namespace obscura::train
