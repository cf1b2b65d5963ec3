#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// Networks for pictures as they are served in the open: plain ones, and those that a shield has protected. They are
/// LibTorch modules with torchvision's parameter names, so that its weight files load (load_weights.h). For encrypted
/// images see zoo.h.
namespace obscura::train {

/// What stands between a protected picture and the network.
enum class Adaptation {
  none,
  er_cnn,  ///< convolution with kernel = stride = block to channels * block^2 maps, and a transposed one back
  tanaka,  ///< one convolution for all blocks, norm, LeakyReLU, pixel shuffle to 16 maps (M. Tanaka 2018)
  madono,  ///< a convolution a block position and a learned matrix over positions (K. Madono et al. 2020)
};

/// "none", "er-cnn", "tanaka", "madono", and back. Throws UsageError that lists the words.
std::string to_string(Adaptation adaptation);
Adaptation parse_adaptation(const std::string& text);

/// Which network, for which pictures. A regular type.
struct VisionSpec {
  std::string network;  ///< one of vision_names()
  std::size_t channels = 3;
  std::size_t height = 32;
  std::size_t width = 32;
  std::size_t classes = 10;
  std::size_t patch = 0;  ///< ViT and ConvMixer: pixels a side of a patch; 0: the network's usual one
  bool positions = true;  ///< ViT: with position embedding. Without, patches are an unordered set
  Adaptation adaptation = Adaptation::none;
  std::size_t block = 4;               ///< of the shield that the adaptation undoes
  std::size_t adaptation_padding = 0;  ///< er_cnn: 1 as in published code, which makes an exact inverse impossible
  friend bool operator==(const VisionSpec&, const VisionSpec&) = default;
};

/// Sides in pixels. Below it, ResNet, ResNeXt, DenseNet and ConvNeXt start with a 3x3 convolution of stride 1 and no
/// pool in place of torchvision's stem, which would leave too few pixels: the shorter side decides. Only the shape of
/// that first convolution's weight is then another than torchvision's.
inline constexpr std::size_t kSmallPicture = 64;

/// The networks, in the order in which a person should read them, and a line about each (layers, widths,
/// source, number of weights for 10 classes). Throws UsageError for an unknown name.
std::vector<std::string> vision_names();
std::string vision_summary(const std::string& name);

/// Throws UsageError for an unknown network, UnsupportedError for pictures that it or the adaptation cannot take.
void check_vision(const VisionSpec& spec);

}  // namespace obscura::train
