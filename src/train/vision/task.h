#pragma once

// Internal to src/train: what train_vision is given, checked and read.
#include <string>

#include "train/choosing.h"
#include "train/updater.h"
#include "train/vision/module.h"
#include "train/vision/trainer.h"

namespace obscura::train {

/// The three sets of a run.
struct PictureSets {
  const Pictures& train;
  const Pictures* validation;  ///< null: held back from `train`
  const Pictures& test;
};

/// Throws UsageError, UnsupportedError, MismatchError: see train_vision.
void check_task(const VisionTask& task, const PictureSets& sets);

/// What decides the result, beside the recipe and the seed: nothing of the test pictures.
std::string fingerprint(const VisionTask& task, const PictureSets& sets, const Choosing& choosing,
                        const RunOptions& options);

/// Norms, biases, tokens and positions are not pulled towards zero.
UpdateGroups groups_of(VisionModule& module, const VisionTask& task);

/// Pretrained weights read pictures as they are.
bool whitens_patches(const VisionTask& task);

}  // namespace obscura::train
