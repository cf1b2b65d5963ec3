#include "train/encrypted/sequence.h"
#include "train/encrypted/zoo_networks.h"

namespace obscura::train {

nn::Graph build_rcnn(const Shape& input, std::size_t classes) {
  Sequence net("rcnn", input);
  for (const std::size_t maps : {32, 64, 128}) {
    const Convolution same{maps, 3, 1, 1};
    net.conv(same).relu().conv(same).relu().maximum(2);
  }
  nn::Graph graph = net.flatten().linear(classes).take();
  standardise_cifar(graph);
  return graph;
}

Recipe rcnn_recipe(const std::string&) {
  Recipe recipe;
  recipe.epochs = 12;
  recipe.optimiser = Optimiser::rmsprop;
  recipe.schedule = Schedule::mild_steps;
  recipe.weight_decay = 1e-4;
  recipe.pool_dropout = {0.2, 0.3, 0.4};
  recipe.augmentation = parse_augmentation("one-of-eight");
  return recipe;
}

}  // namespace obscura::train
