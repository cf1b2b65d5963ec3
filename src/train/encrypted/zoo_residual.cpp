// Networks for small colour pictures that are deep: residual, and one in a row.
#include "train/encrypted/residual.h"
#include "train/encrypted/sequence.h"
#include "train/encrypted/zoo_networks.h"

namespace obscura::train {
namespace {

nn::Graph classified(Sequence& net, std::size_t classes) {
  nn::Graph graph = net.mean().flatten().linear(classes).take();
  standardise_cifar(graph);
  return graph;
}

/// He et al. (arXiv 1512.03385), section 4.2, with 6 `blocks` + 2 layers: three groups of so many blocks.
nn::Graph residual_network(const char* name, const Shape& input, std::size_t classes, std::size_t blocks) {
  Sequence net(name, input);
  net.conv({16, 3, 1, 1, false}).quadratic();
  for (const std::size_t maps : {16, 32, 64}) {
    for (std::size_t i = 0; i < blocks; ++i) {
      add_block(net, {maps, i == 0 && maps != 16 ? Halving::stride : Halving::none});
    }
  }
  return classified(net, classes);
}

/// A block of He et al. with its norms where they have them, before the sum, and a shortcut of convolution and norm
/// (their option B) where the shape changes.
void add_published_block(Sequence& net, std::size_t maps, std::size_t stride) {
  const std::size_t from = net.last();
  const bool same = stride == 1 && net.shape().channels == maps;
  net.conv({maps, 3, stride, 1, false}).norm().relu().conv({maps, 3, 1, 1, false}).norm();
  const std::size_t branch = net.last();
  if (!same) net.from(from).conv({maps, 1, stride, 0, false}).norm();
  net.sum(branch, same ? from : net.last()).relu();
}

}  // namespace

nn::Graph build_resnet20_relu(const Shape& input, std::size_t classes) {
  Sequence net("resnet20-relu", input);
  net.conv({16, 3, 1, 1, false}).norm().relu();
  for (const std::size_t maps : {16, 32, 64}) {
    for (std::size_t i = 0; i < 3; ++i) add_published_block(net, maps, i == 0 && maps != 16 ? 2 : 1);
  }
  return classified(net, classes);
}

nn::Graph build_resnet20(const Shape& input, std::size_t classes) {
  return residual_network("resnet20", input, classes, 3);
}

nn::Graph build_resnet32(const Shape& input, std::size_t classes) {
  return residual_network("resnet32", input, classes, 5);
}

nn::Graph build_vgg_s(const Shape& input, std::size_t classes) {
  Sequence net("vgg-s", input);
  for (const std::size_t maps : {32, 64, 128}) {
    net.conv({maps, 3, 1, 1, false}).quadratic();
    net.conv({maps, 3, 1, 1, false}).average(2).quadratic();
  }
  net.conv({128, 3, 1, 1, false}).quadratic().conv({128, 3, 1, 1, false}).quadratic();
  return classified(net, classes);
}

nn::Graph build_obscura_x(const Shape& input, std::size_t classes) {
  Sequence net("obscura-x", input);
  net.conv({32, 3, 1, 1, false}).quadratic();
  add_block(net, {32, Halving::none});
  for (const std::size_t maps : {64, 128}) {
    add_block(net, {maps, Halving::average});
    add_block(net, {maps, Halving::none});
  }
  return classified(net, classes);
}

Recipe residual_recipe(const std::string& dataset) {
  Recipe recipe = obscura_m_recipe(dataset);
  recipe.epochs = 60;
  recipe.weight_average = 0.995;
  return recipe;
}

Recipe resnet_relu_recipe(const std::string& dataset) {
  Recipe recipe = residual_recipe(dataset);
  recipe.range_weight = 0;
  recipe.freeze_norms = 0;
  return recipe;
}

}  // namespace obscura::train
