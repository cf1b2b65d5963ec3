#pragma once

// Internal to src/train: the graphs and recipes behind zoo.h, all weights zero.
#include <cstddef>
#include <string>

#include "nn/graph.h"
#include "train/recipe.h"

namespace obscura::train {

/// TenSEAL's tutorial 4 and the three `tenseal` rows of CryptonDL's Table 1.
nn::Graph build_tenseal(const Shape& input, std::size_t classes);
/// CryptonDL's Table 1, MNIST and Kuzushiji-MNIST; the "9 input channels" of the latter is a misprint for 1.
nn::Graph build_cryptondl1(const Shape& input, std::size_t classes);
/// CryptonDL's Table 1, Fashion-MNIST.
nn::Graph build_cryptondl2(const Shape& input, std::size_t classes);
/// cryptondl1's circuit with batch norms and trainable quadratics, which fold away, and 128 hidden values.
nn::Graph build_obscura_s(const Shape& input, std::size_t classes);
/// Two convolutions, each with stride or pool, for 28 x 28 images.
nn::Graph build_obscura_l(const Shape& input, std::size_t classes);
/// LeNet-5 as Orion (arXiv 2311.03470) defines it, with quadratics.
nn::Graph build_lenet5(const Shape& input, std::size_t classes);
/// CIFAR-10: seven convolutions; pools between convolution and activation, where they are linear and cost no level.
nn::Graph build_obscura_m(const Shape& input, std::size_t classes);

/// CIFAR-10: ResNet-20 and ResNet-32 with quadratics, whose batch norms stand behind the sums, and bare convolutions
/// 1x1 as shortcuts; eight convolutions in a row; and a residual network that is half as deep and twice as wide.
nn::Graph build_resnet20(const Shape& input, std::size_t classes);
nn::Graph build_resnet32(const Shape& input, std::size_t classes);
nn::Graph build_vgg_s(const Shape& input, std::size_t classes);
nn::Graph build_obscura_x(const Shape& input, std::size_t classes);

/// The chunked CNN of Jia et al. (J. Cloud Comp. 12, 175 (2023)): a convolution 7x7 with stride 3, a square, a hidden
/// layer of 128, a square, classes; the mean of the chunks' logits. Its twin in the clear, with ReLU. And the other way
/// to merge: what the convolution makes of all chunks side by side goes into the hidden layer.
nn::Graph build_chunk_seed(const Chunking& cut, std::size_t classes);
nn::Graph build_chunk_seed_relu(const Chunking& cut, std::size_t classes);
nn::Graph build_chunk_seed_concat(const Chunking& cut, std::size_t classes);
/// The same paper's network for the picture as one, which it describes as two convolutions and two pools.
nn::Graph build_original(const Shape& input, std::size_t classes);
/// Four convolutions a chunk; the mean of what they make goes through a layer that sees the picture.
nn::Graph build_chunk_own(const Chunking& cut, std::size_t classes);
/// Five convolutions over the picture as one.
nn::Graph build_whole_own(const Shape& input, std::size_t classes);

/// Teachers, with ReLU where the networks above have quadratics: relu-l is obscura-l with twice the maps.
nn::Graph build_relu_l(const Shape& input, std::size_t classes);
/// A ResNet-20 as it is published and as people have it: what `convert` starts from.
nn::Graph build_resnet20_relu(const Shape& input, std::size_t classes);
nn::Graph build_relu_m(const Shape& input, std::size_t classes);

/// The classifier of RCNN_CKKS (Baghdad Sci. J. 20(1), 2023), for the clear: three times two convolutions 3x3 with
/// ReLU and a maximum pool, and one dense layer on what is left. The paper has no batch norm.
nn::Graph build_rcnn(const Shape& input, std::size_t classes);

/// Preprocessing by mean and standard deviation of CIFAR-10's training images, or of their luma.
void standardise_cifar(nn::Graph& graph);

Recipe paper_tenseal_recipe(const std::string& dataset);
Recipe paper_cryptondl_recipe(const std::string& dataset);
/// For the project's own networks on 28 x 28 images; clothes are mirrored and shifted, characters moved and turned.
Recipe own_recipe(const std::string& dataset);
/// The same, shorter: five times the work an image.
Recipe lenet5_recipe(const std::string& dataset);
Recipe obscura_m_recipe(const std::string& dataset);
/// obscura_m_recipe, longer and with averaged weights.
Recipe residual_recipe(const std::string& dataset);
Recipe chunk_seed_recipe(const std::string& dataset);
/// For pictures of surfaces that fill their frame.
Recipe surface_recipe(const std::string& dataset);
Recipe chunk_own_recipe(const std::string& dataset);
Recipe relu_l_recipe(const std::string& dataset);
Recipe relu_m_recipe(const std::string& dataset);
Recipe resnet_relu_recipe(const std::string& dataset);
/// The same paper's training with an eighth of its epochs. Table 6 goes from a learning rate of 0.001 to 0.0003, over
/// batches of 64, and does not say when; table 2 says 0.01 and 100. The steps are those of the well-known Keras example
/// whose network and optimiser these are: a half after 75, 0.3 after 100 of 125 epochs.
Recipe rcnn_recipe(const std::string& dataset);

}  // namespace obscura::train
