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

/// Teachers, with ReLU where the networks above have quadratics: relu-l is obscura-l with twice the maps.
nn::Graph build_relu_l(const Shape& input, std::size_t classes);
nn::Graph build_relu_m(const Shape& input, std::size_t classes);

Recipe paper_tenseal_recipe(const std::string& dataset);
Recipe paper_cryptondl_recipe(const std::string& dataset);
/// For the project's own networks on 28 x 28 images; clothes are mirrored and shifted, characters moved and turned.
Recipe own_recipe(const std::string& dataset);
/// The same, shorter and in bfloat16: five times the work an image.
Recipe lenet5_recipe(const std::string& dataset);
Recipe obscura_m_recipe(const std::string& dataset);
Recipe relu_l_recipe(const std::string& dataset);
Recipe relu_m_recipe(const std::string& dataset);

}  // namespace obscura::train
