#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <string>
#include <vector>

#include "train/vision/load_weights.h"

namespace obscura::train {

/// The tensors of a network's body that loading left as they were drawn: all that did not match but those of the head,
/// which is one of other classes, and of an adaptation, which files of plain networks lack. `small_stem`: the network
/// begins as for small pictures (kSmallPicture), so that its first convolution may have another window than the file's.
std::vector<std::string> unmatched_body(const torch::nn::Module& network, const LoadReport& report, bool small_stem);

/// Throws MismatchError, with counts and the first names, if there are any.
void require_body(const torch::nn::Module& network, const LoadReport& report, bool small_stem);

}  // namespace obscura::train
