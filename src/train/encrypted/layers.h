#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include "nn/graph.h"

/// Layers without weights, as LibTorch computes them. Inputs are [N, C, H, W] or [N, C].
namespace obscura::train {

torch::Tensor activate(const nn::Activation& activation, const torch::Tensor& x);

torch::Tensor average(const nn::AvgPool& pool, const torch::Tensor& x);

torch::Tensor maximum(const nn::MaxPool& pool, const torch::Tensor& x);

torch::Tensor pad(const nn::Pad& pad, const torch::Tensor& x);

/// The places that a Rearrange takes, for rearrange(): int64, one behind the last value for its fill.
torch::Tensor rearranged_places(const nn::Rearrange& layer, std::size_t inputs);

torch::Tensor rearrange(const nn::Rearrange& layer, const torch::Tensor& places, const torch::Tensor& x);

/// Of tensors of one shape each, of which some may be flat: flat vectors then.
std::vector<torch::Tensor> alike(std::vector<torch::Tensor> values);

}  // namespace obscura::train
