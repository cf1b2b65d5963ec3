#pragma once

// Internal to src/train.
#include <torch/torch.h>

namespace obscura::train {

/// x times `forward` ahead and the gradient times `backward` on the way back; both [N, 1, 1, 1].
torch::Tensor shake(const torch::Tensor& x, const torch::Tensor& forward, const torch::Tensor& backward);

/// Y. Yamada et al., "ShakeDrop Regularization for Deep Residual Learning", 2018, on a residual branch [N, C, H, W]. In
/// training it is left as it is with probability 1 - dropped, and else shaken by U(-1, 1) ahead and U(0, 1) back, drawn
/// an image. Otherwise it is scaled by 1 - dropped, its mean.
torch::Tensor shake_drop(const torch::Tensor& x, double dropped, bool training);

}  // namespace obscura::train
