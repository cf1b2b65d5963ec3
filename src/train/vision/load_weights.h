#pragma once

// Internal to src/train.
#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "weights/weights.h"

namespace obscura::train {

/// A tensor that has one shape in the file and another in the network; the name is the network's.
struct OtherShape {
  std::string name;
  std::vector<std::int64_t> file;
  std::vector<std::int64_t> network;
  friend bool operator==(const OtherShape&, const OtherShape&) = default;
};

/// What became of the network's tensors and of the file's. Names are the network's, but for `unexpected`.
struct LoadReport {
  std::vector<std::string> matched;
  std::vector<std::string> missing;     ///< in the network alone: left as initialised
  std::vector<std::string> unexpected;  ///< in the file alone
  std::vector<OtherShape> reshaped;     ///< position embeddings, resized to the network's grid
  std::vector<OtherShape> other_shape;  ///< left as initialised, as heads of another number of classes are
};

/// One line: "61 of 62 tensors matched, 1 left as drawn at random; of another shape: fc.weight [1000, 512] instead of
/// [10, 512]". Long lists are cut.
std::string to_text(const LoadReport& report);

/// Copies a file's tensors into the parameters and buffers of the same name; networks have torchvision's names. A file
/// may say "module." in front of them (DataParallel), write DenseNet's old ones ("norm.1"), or be one of Google's ViT
/// files (weights_jax_vit.h). A file of a plain network goes into the backbone of one with an adaptation, and the
/// backbone of such a file into a plain network. Position embeddings of another square grid are resized bilinearly,
/// corner to corner, the class token's row kept. Counters of batch norms (num_batches_tracked), which old files lack,
/// are not listed as missing. Throws MismatchError, and changes nothing, if no tensor matches;
/// whether enough do is another question (pretrained.h).
LoadReport load_weights(torch::nn::Module& module, const weights::WeightFile& file);

/// Parameters and buffers with their names, as float.
weights::WeightFile weights_of(const torch::nn::Module& module);

}  // namespace obscura::train
