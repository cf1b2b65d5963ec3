#pragma once

// Internal to src/train.
#include "train/vision/module.h"

namespace obscura::train {

/// Builders of vision.cpp's table. They take a checked spec and know nothing of adaptations: `channels` is what reaches
/// them.
std::shared_ptr<VisionModule> make_resnet(const VisionSpec& spec);
std::shared_ptr<VisionModule> make_vit(const VisionSpec& spec);
std::shared_ptr<VisionModule> make_densenet(const VisionSpec& spec);
std::shared_ptr<VisionModule> make_convnext(const VisionSpec& spec);
std::shared_ptr<VisionModule> make_convmixer(const VisionSpec& spec);
std::shared_ptr<VisionModule> make_pyramid(const VisionSpec& spec);

/// Whether ResNet, ResNeXt, DenseNet and ConvNeXt look at single pixels first (see kSmallPicture).
bool has_small_stem(const VisionSpec& spec);

/// Pixels a side of a patch: the spec's, or the network's usual one. 0 for networks without patches.
std::size_t patch_of(const VisionSpec& spec);

/// The adaptation that the spec asks for, which is not none.
std::shared_ptr<VisionModule> make_adaptation(const VisionSpec& spec);
/// Channels of what it gives; sides stay as they are.
std::size_t adapted_channels(const VisionSpec& spec);

}  // namespace obscura::train
