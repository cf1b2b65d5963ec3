#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <vector>

#include "train/vision/module.h"
#include "train/vision/trainer.h"

namespace obscura::train {

/// Lets an er-cnn adaptation without padding start from guesses at the key, one a channel; mean and std are those by
/// which samples were normalised. Throws UnsupportedError for other adaptations, MismatchError for other channels
/// or blocks.
void start_adaptation(VisionModule& adaptation, const std::vector<BlockGuess>& guesses, const std::vector<float>& mean,
                      const std::vector<float>& std);

/// Lets an adaptation start from that of a trained network. Throws MismatchError unless it has exactly its tensors.
void continue_adaptation(VisionModule& adaptation, const VisionFile& network);

}  // namespace obscura::train
