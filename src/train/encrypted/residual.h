#pragma once

// Internal to src/train.
#include "train/encrypted/sequence.h"

namespace obscura::train {

/// How a block makes rows and columns half as many.
enum class Halving {
  none,
  stride,   ///< its first convolution and the shortcut's skip every other one
  average,  ///< both are averaged over 2x2 behind the convolution, where that is linear and costs no level
};

struct Block {
  std::size_t maps;
  Halving halving = Halving::none;
};

/// y = act(conv2(act(conv1(x))) + shortcut(x)), convolutions 3x3; the shortcut is x itself, or a bare convolution 1x1
/// where the shape changes. act is a batch norm and a quadratic, so that the sum is normalised and not its terms: a
/// block is two stages of one product each, and the shortcut costs no level (see docs/training.md).
inline void add_block(Sequence& net, const Block& block) {
  const std::size_t stride = block.halving == Halving::stride ? 2 : 1;
  const bool averaged = block.halving == Halving::average;
  const std::size_t from = net.last();
  const bool same = block.halving == Halving::none && net.shape().channels == block.maps;
  net.conv({block.maps, 3, stride, 1, false});
  if (averaged) net.average(2);
  net.quadratic().conv({block.maps, 3, 1, 1, false});
  const std::size_t branch = net.last();
  if (!same) {
    net.from(from).conv({block.maps, 1, stride, 0, false});
    if (averaged) net.average(2);
  }
  net.sum(branch, same ? from : net.last()).quadratic();
}

}  // namespace obscura::train
