#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <vector>

#include "train/convert/fitted_layer.h"
#include "train/convert/surgery.h"
#include "train/encrypted/network.h"

namespace obscura::train {

/// Starts a converted network: `network` is one of surgery.converted and surgery.originals, and gets its weights. Layer
/// by layer, each on what the layers before it make of the images (preprocessed, [N, C, H, W]):
/// - batch norms take the statistics;
/// - a quadratic becomes, a channel, the least-squares fit of the activation over the values that are measured there,
///   moved to the mean and the deviation that the original has there: min over c, b, a of
///   sum (f(m + s z) - c - b z - a z^2)^2;
/// - where a maximum became an average right behind a quadratic, that is scaled and shifted so that the averages are
///   nearest to the maxima.
std::vector<FittedLayer> fit_start(Network& network, const Surgery& surgery, const torch::Tensor& images);

}  // namespace obscura::train
