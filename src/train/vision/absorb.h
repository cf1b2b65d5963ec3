#pragma once

#include "shield/shield.h"
#include "train/vision/file.h"

namespace obscura::train {

/// The same network for protected pictures: its answers to shield.protect(x) are those of `plain` to x, up to rounding,
/// without any training. The first layer W x + b of a network that reads patches takes in the inverse of the shield's
/// map of a block, W' = W K^-1; shuffled blocks are met by reordering the position embedding. H. Kiya et al., "Image
/// and Model Transformation with Secret Key for Vision Transformer", IEICE Trans. E106-D(1), 2023.
///
/// Nobody but the owner may hold both networks: W' K = W gives the key. Throws UnsupportedError if the shield is not
/// linear in blocks, the network reads no patches or reads protected pictures already, or shuffled blocks meet a
/// network without positions; FormatError for weights that are not the network's; MismatchError if block and patch
/// differ or pictures do not fit.
VisionFile absorb_key(const VisionFile& plain, const shield::Shield& shield);

}  // namespace obscura::train
