#pragma once

// Internal to src/train.
#include <string>

#include "image/dataset.h"
#include "train/choosing.h"
#include "train/encrypted/trainer.h"

namespace obscura::train {

/// The three sets of a run.
struct Sets {
  const image::Dataset& train;
  const image::Dataset* validation;  ///< null: held back from `train`
  const image::Dataset& test;
};

/// What decides the result of a run, as text: a checkpoint of another is not gone on from. Of the test set it takes
/// nothing.
std::string fingerprint(const nn::Graph& graph, const Recipe& recipe, const Sets& sets, const Choosing& choosing,
                        const RunOptions& options);

}  // namespace obscura::train
